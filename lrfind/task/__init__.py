"""What is trained: model, batches, loss, optimiser and schedule."""
