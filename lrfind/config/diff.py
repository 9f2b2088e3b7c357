"""How a config differs from the one that a run recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from pydantic import ValidationError

from lrfind.config.schema import Config

NO_PART: dict[str, Any] = {"optimizer": {"learning_rate"}, "check": True}
"""Keys that no bit of the curve depends on: `--write` sets the rate, and `check` only judges."""

MISSING = object()


def differences(config: Config, recorded: Mapping[str, Any], no_part: Mapping[str, Any] = NO_PART) -> list[str]:
    """Return a phrase for each key that differs: ``"sweep.steps is 100 here, 200 in the run"``.

    Args:
        config: the config at hand.
        recorded: resolved config of ``result.json``; missing keys have today's defaults.
        no_part: keys that may differ: section to keys, or to True for the whole section.
    """
    try:
        known = Config.model_validate(recorded).model_dump(mode="json")
    except ValidationError:  # of another version: compared as it stands
        known = dict(recorded)
    return list(changes(without(config.model_dump(mode="json"), no_part), without(known, no_part)))


def without(values: Mapping[str, Any], no_part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config without some keys: a mapping of section to keys, or to True for the whole section."""
    kept = {}
    for key, value in values.items():
        left_out = no_part.get(key, ())
        if left_out is True:
            continue
        inside = isinstance(value, Mapping) and left_out
        kept[key] = {name: entry for name, entry in value.items() if name not in left_out} if inside else value
    return kept


def changes(current: Any, recorded: Any, key: str = "") -> Iterator[str]:
    """Yield a phrase for each key that differs between two JSON values.

    Args:
        current: value of the config at hand.
        recorded: value of the recorded config.
        key: dotted key of both values.
    """
    if isinstance(current, dict) and isinstance(recorded, dict):
        for name in dict.fromkeys([*current, *recorded]):
            path = f"{key}.{name}" if key else str(name)
            yield from changes(current.get(name, MISSING), recorded.get(name, MISSING), path)
    elif current != recorded and not _same_file(current, recorded):
        yield f"{key} is {_shown(current)} here, {_shown(recorded)} in the run"


def _same_file(current: Any, recorded: Any) -> bool:
    """Return whether two absolute paths have the same file name, as runs of two machines differ in their folders."""
    both = isinstance(current, str) and isinstance(recorded, str)
    return both and all(map(is_absolute, (current, recorded))) and file_name(current) == file_name(recorded)


def is_absolute(text: str) -> bool:
    """Return whether a text is an absolute path on any system."""
    return PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()


def file_name(text: str) -> str:
    """Return the last part of an absolute path."""
    return (PurePosixPath(text) if text.startswith("/") else PureWindowsPath(text)).name


def _shown(value: Any) -> str:
    if value is MISSING:
        return "left out"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
