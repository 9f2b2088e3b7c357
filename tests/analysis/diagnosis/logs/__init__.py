"""Tests of `lrfind.analysis.diagnosis.logs`."""
