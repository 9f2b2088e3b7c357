"""Tests of `lrfind.report.train`."""
