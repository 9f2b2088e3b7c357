"""Tests of `lrfind.storage`."""
