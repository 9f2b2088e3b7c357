"""Tests of `lrfind.analysis.gate`."""
