"""The gate: verdicts on a configured rate and its run."""
