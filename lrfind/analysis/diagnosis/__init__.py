"""What the log of a training shows."""
