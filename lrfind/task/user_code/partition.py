"""Partition a user's module into trained leaves and settings.

A class that is a pytree of its own (an Equinox module, one of Flax NNX) holds activation functions, dropout rates and
keys beside its weights. Its arrays of real numbers are what is trained, as `equinox.is_inexact_array` has it; the rest
are settings, which stay as they are and are put back before the user's function sees the module. In plain containers
(dicts, lists, tuples and named ones) every leaf is a weight.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lrfind.task.user_code.pytrees import Tree

CONTAINERS = (dict, list, tuple)


def is_module(value: Any) -> bool:
    """Return whether an object is a pytree with arrays in it: weights, even if it can be called."""
    if isinstance(value, jax.tree_util.Partial):
        return False  # A function with some of its arguments.
    leaves = jax.tree.leaves(value)
    inside = not (len(leaves) == 1 and leaves[0] is value)
    return inside and any(hasattr(leaf, "dtype") for leaf in leaves)


class StaticLeaves:
    """Settings of the modules in a tree, taken out and put back; for several trees alike, the first's.

    Args:
        trained: the arrays of real numbers alone stay in the tree; else every array does, as in a state.
    """

    def __init__(self, *, trained: bool = True) -> None:
        self._of = np.inexact if trained else np.generic
        self._kept: list[Any] | None = None

    def take(self, tree: Tree) -> Tree:
        """Return the tree with None for every setting."""
        leaves, structure = jax.tree.flatten(tree)
        trained = weights(tree, self._of)
        if self._kept is None and not all(trained):
            self._kept = [None if mine else leaf for leaf, mine in zip(leaves, trained, strict=True)]
            self._structure = structure
        kept = [leaf if mine else None for leaf, mine in zip(leaves, trained, strict=True)]
        return jax.tree.unflatten(structure, kept)

    def give(self, params: Tree) -> Tree:
        """Return the tree with its settings put back."""
        if self._kept is None:
            return params
        left = iter(jax.tree.leaves(params))
        return jax.tree.unflatten(self._structure, [next(left) if leaf is None else leaf for leaf in self._kept])


def weights(tree: Tree, of: type = np.inexact, *, held: bool = True) -> list[bool]:
    """Return for every leaf whether it is trained.

    Args:
        tree: the user's tree.
        of: type of the numbers that are, in modules; of proper keys as well where it is `numpy.generic`.
        held: whether a plain container holds it.
    """
    inside = jax.tree.leaves(tree, is_leaf=lambda child: child is not tree)
    if len(inside) == 1 and inside[0] is tree:
        return [held or (hasattr(tree, "dtype") and bool(jnp.issubdtype(tree.dtype, of)))]
    plain = isinstance(tree, CONTAINERS)
    return [trained for child in inside for trained in weights(child, of, held=plain)]
