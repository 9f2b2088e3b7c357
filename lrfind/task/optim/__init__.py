"""Optimisers and schedules, built from optax."""
