"""Reading of a range test's curve."""
