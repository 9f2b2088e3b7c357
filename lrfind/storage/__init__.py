"""The run directory: journal, checkpoint, and the files of a finished run."""
