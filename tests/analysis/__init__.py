"""Tests of `lrfind.analysis`."""
