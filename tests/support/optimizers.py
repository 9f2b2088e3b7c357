"""Optimiser sections of a config, made without what a config has to hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrfind.config.sections.optimizer import OptimizerSection


def section(name: str, options: Mapping[str, Any] | None = None, **shared: Any) -> OptimizerSection:
    """The section of an optimiser with keywords of its own, of any optax, and shared keys."""
    return OptimizerSection.model_construct(name=name, **(options or {}), **shared)
