"""Configs: what they can say (schema), and how a file becomes one, or a list of what is wrong with it (load)."""
