"""The user's own code: loaded, recognised, and checked."""
