"""Tests of `lrfind.runs`."""
