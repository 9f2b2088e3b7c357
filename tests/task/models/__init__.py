"""Tests of `lrfind.task.models`."""
