"""Readers of training logs: CSV, JSON lines and JSON to a trace of losses and rates."""
