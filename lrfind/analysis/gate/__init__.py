"""Whether a configured rate passes the gate."""
