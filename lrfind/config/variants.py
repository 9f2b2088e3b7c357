"""Variants of a config, with other optimisers or batch sizes, as settings to apply to it."""

from __future__ import annotations

import json
from typing import NamedTuple

from lrfind.config.optimizer_catalog import OPTIMIZERS, REFUSED
from lrfind.config.schema import Config
from lrfind.config.sections.optimizer import SHARED
from lrfind.core.errors import InputError
from lrfind.core.registry import near

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
