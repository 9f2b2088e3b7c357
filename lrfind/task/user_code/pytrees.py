"""A user's pytrees: every leaf an array of a type that JAX has, and what of a module is trained.

A class that is a pytree of its own (an Equinox module, one of Flax NNX) holds activation functions, dropout rates and
keys beside its weights. Its arrays of real numbers are what is trained, as `equinox.is_inexact_array` has it; the rest
are settings, which stay as they are and are put back before the user's function sees the module. In plain containers
(dicts, lists, tuples and named ones) every leaf is a weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lrfind.core.errors import InputError, text_of
from lrfind.task.user_code.tracebacks import kind_of, shape_of, user_call

Tree = Any


def is_pair(value: Any) -> bool:
    """Return whether an object is a tuple of two, such as ``(inputs, targets)``."""
    return isinstance(value, tuple) and len(value) == 2


def is_key(leaf: Any) -> bool:
    """Return whether a leaf holds JAX keys."""
    return hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def arrays(tree: Tree, what: str, key: str) -> Tree:
    """Return the tree with copied numpy arrays for leaves.

    Raises:
        InputError: a leaf is no array and no number.
    """

    def convert(path: Any, leaf: Any) -> Any:
        position = jax.tree_util.keystr(path)
        where = f" at {position}" if position else ""
        if callable(leaf) or isinstance(leaf, str | bytes):
            raise InputError(f"{what} holds {kind_of(leaf)}{where}; every leaf must be an array or a number", key=key)
        with user_call(what):
            try:
                array = np.array(leaf)
            except Exception as error:
                text = text_of(error)
                raise InputError(f"{what} holds {kind_of(leaf)}{where}, which is no array: {text}", key=key) from error
        # JAX's own number types, as bfloat16, have no letter in numpy.
        if array.dtype.kind in "OUSMm" and not jnp.issubdtype(array.dtype, np.number):
            raise InputError(f"{what} holds {array.dtype}{where}; numbers are needed", key=key)
        wanted = jax.dtypes.canonicalize_dtype(array.dtype)
        if array.dtype.kind in "iu" and wanted != array.dtype and array.size:
            for value in (int(array.min()), int(array.max())):
                if not np.iinfo(wanted).min <= value <= np.iinfo(wanted).max:
                    raise InputError(f"{what} holds {value}{where}, which is beyond {wanted}", key=key)
        return array.astype(wanted, copy=False)

    return jax.tree_util.tree_map_with_path(convert, tree)


def key_kinds(tree: Tree) -> list[str | None]:
    """Return the name of the generator of every leaf that holds JAX keys; None for the others."""
    return [str(jax.random.key_impl(leaf)) if is_key(leaf) else None for leaf in jax.tree.leaves(tree)]


def lower_keys(tree: Tree) -> Tree:
    """Return the tree with raw key data in the place of JAX keys, which numpy cannot hold."""
    return jax.tree.map(lambda leaf: jax.random.key_data(leaf) if is_key(leaf) else leaf, tree)


def lift_keys(tree: Tree, kinds: Sequence[str | None]) -> Tree:
    """Return the tree with JAX keys again, of the kinds of `key_kinds`."""
    leaves, structure = jax.tree.flatten(tree)
    pairs = zip(leaves, kinds, strict=True)
    keys = [jax.random.wrap_key_data(leaf, impl=kind) if kind else leaf for leaf, kind in pairs]
    return jax.tree.unflatten(structure, keys)


def bytes_of(tree: Tree) -> int:
    """Return the bytes of a tree of arrays."""
    return sum(int(leaf.nbytes) for leaf in jax.tree.leaves(tree))


def alike(one: Tree, other: Tree) -> bool:
    """Return whether two trees have one structure."""
    return bool(jax.tree.structure(one) == jax.tree.structure(other))  # type: ignore[operator]


def same_but_rows(one: Tree, other: Tree, *, types: bool) -> bool:
    """Return whether two trees of arrays agree but for the rows.

    Args:
        one: arrays, leading axis rows.
        other: others.
        types: whether types must agree, too.
    """
    return alike(one, other) and all(
        leaf.shape[1:] == like.shape[1:] and (leaf.dtype == like.dtype or not types)
        for leaf, like in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    )


def check_same(state: Tree, returned: Tree, what: str, *, types: bool = True) -> None:
    """Refuse a state that comes back in another shape.

    Args:
        state: state that the function of a user's model was given.
        returned: state that it returned.
        what: name of the function in messages.
        types: whether types must agree, too.

    Raises:
        InputError: structure, shape or type differs, with the first place.
    """
    before, after = jax.eval_shape(lambda: state), jax.eval_shape(lambda: returned)
    if not alike(before, after):
        raise InputError(
            f"{what} returned a state of another structure than it was given: {shape_of(after)} instead of "
            f"{shape_of(before)}",
            key="model.target",
        )
    for (path, one), other in zip(jax.tree_util.tree_leaves_with_path(before), jax.tree.leaves(after), strict=True):
        if one.shape != other.shape or (types and one.dtype != other.dtype):
            position = jax.tree_util.keystr(path) or "as a whole"
            raise InputError(
                f"{what} returned a state that differs from the one it was given: {position} is {shape_of(other)} "
                f"instead of {shape_of(one)}",
                key="model.target",
            )


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
    plain = isinstance(tree, dict | list | tuple)
    return [trained for child in inside for trained in weights(child, of, held=plain)]
