"""Parameter groups by name: factors on the rate, frozen parameters, weight decay.

A parameter is called by its way through the tree of parameters, joined by dots, with numbers for the items of a list:
``"0.weight"``, ``"encoder.layers.3.bias"``. Patterns are globs over whole names (``*`` any text, dots included; ``?``
one character; ``[ab]`` one of some); of several that match, the first counts, and what is frozen before all groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import jax
import numpy as np

from lrfind.core.errors import InputError
from lrfind.core.registry import near

REST = "*"
"""The pattern of what no other one takes."""

SHOWN = 12
"""Names that a message lists at most."""


def name_of(path: Any) -> str:
    """Return a parameter's name: its key path joined by dots."""
    return jax.tree_util.keystr(path, simple=True, separator=".")


def names(params: Any) -> list[str]:
    """Return the names of all parameters, in the order of the tree's leaves."""
    return [name_of(path) for path, _ in jax.tree_util.tree_leaves_with_path(params)]


def first(patterns: Sequence[str], name: str) -> str | None:
    """Return the first pattern that matches a name; None if none does."""
    return next((pattern for pattern in patterns if fnmatchcase(name, pattern)), None)


def check(params: Any, groups: Mapping[str, float], frozen: Sequence[str]) -> None:
    """Check that every pattern matches a parameter, and that one is left to train.

    Args:
        params: parameters of the model, or their shapes.
        groups: factor on the rate by pattern.
        frozen: patterns of frozen parameters.

    Raises:
        InputError: with the key of the pattern that takes nothing.
    """
    known = names(params)
    patterns = [*frozen, *groups]
    keys = [f"optimizer.frozen.{i}" for i in range(len(frozen))] + [f"optimizer.groups.{pattern}" for pattern in groups]
    for i, (pattern, key) in enumerate(zip(patterns, keys, strict=True)):
        matched = [name for name in known if fnmatchcase(name, pattern)]
        if not matched:
            raise InputError(f"'{pattern}' matches no parameter{near(pattern, known)}; {listed(known)}", key=key)
        before = {first(patterns[:i], name) for name in matched}
        if None not in before:
            taken = " and ".join(f"'{pattern}'" for pattern in patterns[:i] if pattern in before)
            hint = "" if before <= set(frozen) else "; of several patterns the first counts, so put it before"
            fate = "frozen" if before <= set(frozen) else "taken"
            raise InputError(f"all that '{pattern}' matches is {fate} by {taken} already{hint}", key=key)
    if all(first(frozen, name) for name in known):
        raise InputError("leaves nothing to train: every parameter is frozen", key="optimizer.frozen")


def listed(known: Sequence[str]) -> str:
    """Return the known names as a phrase for a message."""
    more = f" and {len(known) - SHOWN:,} more" if len(known) > SHOWN else ""
    return f"there are {', '.join(known[:SHOWN])}{more}"


def freeze(params: Any, frozen: Sequence[str]) -> Any:
    """Return the parameters without a gradient for frozen ones.

    Put before a loss, so that nothing downstream knows of them: norms of the gradient, the predicted decrease and the
    curvature are those of what is trained.
    """
    if not frozen:
        return params

    def still(path: Any, leaf: Any) -> Any:
        return jax.lax.stop_gradient(leaf) if first(frozen, name_of(path)) else leaf

    return jax.tree_util.tree_map_with_path(still, params)


def factors(params: Any, groups: Mapping[str, float], frozen: Sequence[str]) -> Any:
    """Return the factor on each parameter's rate, as a tree of numbers; 0 for frozen ones."""

    def factor(path: Any, _: Any) -> float:
        name = name_of(path)
        return 0.0 if first(frozen, name) else groups.get(first(list(groups), name) or "", 1.0)

    return jax.tree_util.tree_map_with_path(factor, params)


def count_frozen(params: Any, frozen: Sequence[str]) -> int:
    """Return the number of weights that are not trained."""
    leaves = jax.tree_util.tree_leaves_with_path(params)
    return sum(int(np.size(leaf)) for path, leaf in leaves if first(frozen, name_of(path)))


@dataclass(frozen=True)
class Labels:
    """``params -> tree of patterns``, the first that matches each name: what `optax.partition` labels parameters by.

    Attributes:
        patterns: the last of them matches everything.
    """

    patterns: tuple[str, ...]

    def __call__(self, params: Any) -> Any:
        """Return the first pattern that matches the name of each parameter."""
        return jax.tree_util.tree_map_with_path(lambda path, _: first(self.patterns, name_of(path)), params)

    @property
    def source(self) -> str:
        """The same in Python, for whoever has imported jax."""
        name = "jax.tree_util.keystr(path, simple=True, separator='.')"
        matches = f"lambda pattern: __import__('fnmatch').fnmatchcase({name}, pattern)"
        label = f"next(filter({matches}, {list(self.patterns)!r}))"
        return f"lambda params: jax.tree_util.tree_map_with_path(lambda path, _: {label}, params)"


def matrices(params: Any) -> Any:
    """Return which parameters are neither biases nor scales of a normalisation: those of two axes or more."""
    return jax.tree.map(lambda leaf: leaf.ndim > 1, params)


MATRICES = "lambda params: jax.tree.map(lambda leaf: leaf.ndim > 1, params)"
"""`matrices` in Python."""
