"""The sections of a config, one file each."""
