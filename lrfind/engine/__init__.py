"""JAX: trainings that run side by side."""
