"""Tests of `lrfind.task`."""
