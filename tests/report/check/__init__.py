"""Tests of `lrfind.report.check`."""
