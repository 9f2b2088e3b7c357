"""What a range test's curve says."""
