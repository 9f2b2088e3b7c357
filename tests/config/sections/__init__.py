"""Tests of `lrfind.config.sections`."""
