"""Runs: sweeps, confirmations and trainings, from a config to a result."""
