"""Built-in data sets, files, and how rows become batches."""
