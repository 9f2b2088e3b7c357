"""Tests of `lrfind.report.compare`."""
