"""Tests of `lrfind.analysis.diagnosis`."""
