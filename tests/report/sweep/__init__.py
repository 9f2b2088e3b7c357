"""Tests of `lrfind.report.sweep`."""
