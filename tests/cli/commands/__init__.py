"""Tests of `lrfind.cli.commands`."""
