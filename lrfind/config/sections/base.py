"""What sections of a config share: base class, error for keys that do not go together, references to user code."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError


class Section(BaseModel):
    """Frozen, strict about types, closed to unknown keys; NaN and infinity are no numbers here.

    Building is deferred: a command that reads no config does not pay for the validators.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, defer_build=True)


def conflict(message: str, at: str, *others: str) -> PydanticCustomError:
    """Return an error about keys that are valid alone and not together.

    Args:
        message: one sentence; the loader puts the key before it.
        at: the key to show, dotted, relative to the section.
        others: the keys it disagrees with; where one of them is wrong already, the loader stays silent.
    """
    return PydanticCustomError("conflict", "{message}", {"message": message, "at": at, "others": list(others)})


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
