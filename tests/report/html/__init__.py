"""Tests of `lrfind.report.html`."""
