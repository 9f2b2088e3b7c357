"""Tests of `lrfind.analysis.range_test`."""
