"""Values and names that every layer shares."""
