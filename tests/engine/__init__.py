"""A package, so that its modules share `tasks`."""
