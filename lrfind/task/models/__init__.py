"""Built-in models and losses."""
