"""The table of optimisers against the installed optax."""

from __future__ import annotations

import inspect
import json
from importlib import import_module
from typing import Any

import optax
import pytest

from lrfind.config.optimizer_catalog import CHOICES, OPTIMIZERS, REFUSED

OLDEST = (0, 2, 8)
MASKS = ("mask", "weight_decay_mask")
UNSAYABLE = {
    *MASKS,
    "trust_ratio_mask",
    "mu_dtype",
    "accumulator_dtype",
    "dtype_momentum",
    "state_dtype",
    "muon_weight_dimension_numbers",
    "weight_dimension_numbers",
    "adam_learning_rate",
    "ns_coeffs",
    "clip_value_fn",
    "base_optimizer",
    "key",
    "seed",
    "warmup_steps",
}
"""Keywords that YAML cannot say (masks, types, functions, arrays, second optimisers and rates), and the warm-up, which
is the schedule's."""


def version() -> tuple[int, ...]:
    return tuple(int(part) for part in optax.__version__.split(".")[:3] if part.isdigit())


def signature(target: str) -> dict[str, Any]:
    """The keywords of an optimiser and their defaults, as the table has them."""
    module, _, name = target.rpartition(".")
    rate, *others = inspect.signature(getattr(import_module(module), name)).parameters.values()
    assert rate.name.endswith("learning_rate")
    return {each.name: each.default for each in others if each.name not in UNSAYABLE}


@pytest.mark.skipif(version() < OLDEST, reason=f"the table is that of optax 0.2.8, and this is {optax.__version__}")
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_table_is_what_optax_says(name: str) -> None:
    entry = OPTIMIZERS[name]
    fresh = signature(entry.target)
    assert entry.options == fresh, f"the fresh entry of {name}: {json.dumps(fresh)}"
    assert {key: type(value) for key, value in entry.options.items()} == {k: type(v) for k, v in fresh.items()}


def test_the_table_is_in_order() -> None:
    assert list(OPTIMIZERS) == sorted(OPTIMIZERS)
    for name, entry in OPTIMIZERS.items():
        assert entry.target.rpartition(".")[2] == name
        assert entry.summary == entry.summary.strip().removesuffix(".")


@pytest.mark.skipif(version() < OLDEST, reason="as above")
def test_every_optimiser_of_optax_is_there_or_refused() -> None:
    found = {
        name
        for module in (optax, optax.contrib)
        for name, function in vars(module).items()
        if inspect.isfunction(function) and not name.startswith(("_", "scale_by"))  # which are parts of optimisers
        if any(each.endswith("learning_rate") for each in inspect.signature(function).parameters)
    }
    assert found - OPTIMIZERS.keys() - REFUSED.keys() == set()
    assert not OPTIMIZERS.keys() & REFUSED.keys()
    for name, why in REFUSED.items():
        assert hasattr(optax.contrib, name) or hasattr(optax, name)
        assert why.strip() == why


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_masks_and_given_keywords_are_optaxs(name: str) -> None:
    entry = OPTIMIZERS[name]
    module, _, function = entry.target.rpartition(".")
    known = inspect.signature(getattr(import_module(module), function)).parameters
    # Muon's is for its matrices alone.
    assert entry.mask == (None if name == "muon" else next((mask for mask in MASKS if mask in known), None))
    assert set(entry.given) <= set(known)


def test_words_have_their_choices() -> None:
    texts = {
        f"{key}.{i}" if isinstance(default, tuple) else key: word
        for entry in OPTIMIZERS.values()
        for key, default in entry.options.items()
        for i, word in enumerate(default if isinstance(default, tuple) else (default,))
        if isinstance(word, str)
    }
    assert set(texts) == set(CHOICES)
    assert all(word in CHOICES[key] for key, word in texts.items())
