"""Values and names that every layer shares."""

__version__ = "0.1.0"
