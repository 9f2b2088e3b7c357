"""Tests of `lrfind.task.data`."""
