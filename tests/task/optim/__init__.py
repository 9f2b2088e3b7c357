"""Tests of `lrfind.task.optim`."""
