"""Diagnosis of a training's log."""
