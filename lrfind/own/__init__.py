"""The door for the user's own code: loading it, recognising what it is, and saying what went wrong inside of it."""
