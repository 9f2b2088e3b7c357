"""The table of optimisers against the installed optax."""

from __future__ import annotations

import inspect
from importlib import import_module
from pprint import pformat
from typing import Any

import optax
import pytest

from lrfind.optimizer_table import OPTIMIZERS

OLDEST = (0, 2, 8)
UNSAYABLE = {
    "weight_decay_mask",
    "mask",
    "mu_dtype",
    "accumulator_dtype",
    "dtype_momentum",
    "muon_weight_dimension_numbers",
    "adam_learning_rate",
    "ns_coeffs",
}
"""Keywords that YAML cannot say: masks, types, functions and arrays, and second learning rates."""


def version() -> tuple[int, ...]:
    return tuple(int(part) for part in optax.__version__.split(".")[:3] if part.isdigit())


def signature(target: str) -> dict[str, Any]:
    """The keywords of an optimiser and their defaults, as the table has them."""
    module, _, name = target.rpartition(".")
    parameters = inspect.signature(getattr(import_module(module), name)).parameters.values()
    return {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.name != "learning_rate" and parameter.name not in UNSAYABLE
    }


@pytest.mark.skipif(version() < OLDEST, reason=f"the table is that of optax 0.2.8, and this is {optax.__version__}")
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_table_is_what_optax_says(name: str) -> None:
    entry = OPTIMIZERS[name]
    fresh = signature(entry.target)
    assert entry.options == fresh, f"the fresh entry of {name}: {pformat(fresh, sort_dicts=False)}"
    assert {key: type(value) for key, value in entry.options.items()} == {k: type(v) for k, v in fresh.items()}


def test_the_table_is_in_order() -> None:
    assert list(OPTIMIZERS) == sorted(OPTIMIZERS)
    for name, entry in OPTIMIZERS.items():
        assert entry.target.rpartition(".")[2] == name
        assert entry.summary == entry.summary.strip().removesuffix(".")
