"""Tests of `lrfind.config`."""
