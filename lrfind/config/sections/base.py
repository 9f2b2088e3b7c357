"""Base class of all sections of a config, and the error for keys that do not go together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict
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


def names(table: Iterable[str]) -> Any:
    """Return the type of a table's names: a Literal at run time."""
    from typing import Literal

    return Literal[tuple(table)]
