"""Tests of `lrfind.analysis.confirmation`."""
