"""Tests of `lrfind.report.plots`."""
