"""References to the user's own code: ``target: "my_model.py:build"`` with ``kwargs``."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal

from pydantic import Field

from lrfind.config.sections.base import Section

OWN = "target"
"""The name that a section gets where the user writes `target` instead of one."""

PYTHON = "python"
"""Placeholder for the file of an object that came from Python, not from a config."""

NONE = "none"
"""The name of no optimiser: the user's own train step has one."""

TARGET = "my_file.py:name, or package:name with --allow-import; relative to the config: a function"

Target = Annotated[
    str, Field(pattern=r"^[^:\x00-\x1f]([^\x00-\x1f]*[^:\x00-\x1f])?:[^\W\d]\w*(\.[^\W\d]\w*)*$", max_length=4096)
]
"""``path.py:name`` or ``package.module:name``."""

Kwargs = dict[str, Any]


class OwnCode(Section):
    """A reference to the user's own code."""

    target: Target = Field(description=TARGET)
    kwargs: Kwargs = Field(default_factory=dict, description="keywords of target")

    @property
    def title(self) -> str:
        """How reports call it: the file's name, without its folder."""
        return short(self.target)


class OwnModel(OwnCode):
    """A model of the user's own."""

    name: Literal["target"] = Field(default="target", description="your own code")


class OwnLoss(OwnCode):
    """A loss of the user's own."""


def short(target: str) -> str:
    """Return a reference without its folder."""
    path, _, name = target.rpartition(":")
    if path == PYTHON:
        return name
    return f"{os.path.basename(path)}:{name}"
