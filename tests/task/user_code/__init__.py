"""Tests of `lrfind.task.user_code`."""
