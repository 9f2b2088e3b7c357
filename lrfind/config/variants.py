"""Variants of a config, and what differs between configs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple

from pydantic import ValidationError

from lrfind.config.optimizer_catalog import OPTIMIZERS, REFUSED
from lrfind.config.schema import Config
from lrfind.config.sections.optimizer import SHARED
from lrfind.core.errors import InputError
from lrfind.core.registry import near

NO_PART: dict[str, Any] = {"optimizer": {"learning_rate"}, "check": True}
"""Keys that no bit of the curve depends on: `--write` sets the rate, and `check` only judges."""

MISSING = object()


def differences(config: Config, recorded: Mapping[str, Any]) -> list[str]:
    """Return a phrase for each key that differs, but for `NO_PART`: ``"sweep.steps is 100 here, 200 in the run"``.

    Args:
        config: the config at hand.
        recorded: resolved config of ``result.json``; missing keys have today's defaults.
    """
    try:
        known = Config.model_validate(recorded).model_dump(mode="json")
    except ValidationError:  # of another version: compared as it stands
        known = dict(recorded)
    return list(changes(without(config.model_dump(mode="json"), NO_PART), without(known, NO_PART)))


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
    elif current != recorded and (_file_name(current) is None or _file_name(current) != _file_name(recorded)):
        yield f"{key} is {_shown(current)} here, {_shown(recorded)} in the run"


def _file_name(value: Any) -> str | None:
    """Return the last part of an absolute path of any system, as runs of two machines differ in their folders."""
    if not isinstance(value, str):
        return None
    path = PurePosixPath(value) if value.startswith("/") else PureWindowsPath(value)
    return path.name if path.is_absolute() else None


def _shown(value: Any) -> str:
    if value is MISSING:
        return "left out"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


MOMENTUM = "momentum"
"""Not a name of optax's: `sgd` with a momentum of 0.9."""


class Variant(NamedTuple):
    """A config that differs in one thing.

    Attributes:
        label: what it is called, and its run directory.
        settings: ``key=value``, as `--set` takes them.
        dropped: options of the config's optimiser that this one does not have.
    """

    label: str
    settings: tuple[str, ...]
    dropped: tuple[str, ...] = ()


def optimizers(config: Config, names: str) -> list[Variant]:
    """Return a variant of the config for each optimiser, with the options that both have.

    Args:
        config: config to vary.
        names: names of optimisers, separated by commas.

    Raises:
        InputError: there is no such optimiser, or one is named twice.
    """
    variants = []
    for name in _items("--optimizers", names):
        known = "sgd" if name == MOMENTUM else name
        if name in REFUSED:
            raise InputError(f"--optimizers {name}: is not swept: {REFUSED[name]}")
        if known not in OPTIMIZERS:
            raise InputError(
                f"--optimizers {name}: there is no such optimiser{near(name, [*OPTIMIZERS, MOMENTUM])}; "
                "`lrfind list optimizers` has them all, and momentum is sgd with momentum 0.9"
            )
        section = config.optimizer.model_dump(mode="json", exclude_unset=True) | {"name": known}
        section.pop("learning_rate", None)
        own = OPTIMIZERS[known].options
        if name == "sgd":
            section.pop("momentum", None)  # Beside momentum it would be the same run twice.
        dropped = [key for key in section if key not in SHARED and key not in own]
        if section.get("decayed", "all") != "all" and OPTIMIZERS[known].mask is None:
            dropped.append("decayed")
        kept = {key: value for key, value in section.items() if key not in dropped}
        if name == MOMENTUM:
            kept.setdefault("momentum", 0.9)
        variants.append(Variant(name, (f"optimizer={json.dumps(kept)}",), tuple(dropped)))
    return variants


def batch_sizes(sizes: str) -> list[Variant]:
    """Return a variant for each batch size.

    Args:
        sizes: batch sizes, separated by commas.

    Raises:
        InputError: one is no whole number above zero, or is named twice.
    """
    variants = []
    for size in _items("--batch-sizes", sizes):
        if not (size.isascii() and size.isdigit() and int(size) > 0):
            raise InputError(f"--batch-sizes {size}: must be whole numbers above 0, such as 16,32,64")
        variants.append(Variant(f"batch-{int(size)}", (f"data.batch_size={int(size)}",)))
    return variants


def _items(option: str, text: str) -> list[str]:
    items = [item.strip() for item in text.split(",")]
    if not all(items):
        raise InputError(f"{option} {text}: a name is missing between the commas")
    if len(items) < 2:
        raise InputError(f"{option} {text}: one is nothing to compare; name two or more, with commas between")
    if twice := [item for i, item in enumerate(items) if item in items[:i]]:
        raise InputError(f"{option} {text}: names {twice[0]} twice")
    return items
