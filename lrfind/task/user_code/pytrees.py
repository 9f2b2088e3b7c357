"""Convert a user's pytrees: every leaf an array of a type that JAX has."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lrfind.core.errors import InputError, text_of
from lrfind.task.user_code.tracebacks import kind_of, shape_of, user_call

Tree = Any


def typed(raw: Any) -> Any:
    """Return JAX's key of raw key data; a fixed one for None, which stands for evaluation."""
    if raw is None:
        return jax.random.key(0, impl="threefry2x32")
    return jax.random.wrap_key_data(raw, impl="threefry2x32")


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
        if array.dtype.kind in "OUSMm" and not is_extended(array.dtype):
            raise InputError(f"{what} holds {array.dtype}{where}; numbers are needed", key=key)
        wanted = jax.dtypes.canonicalize_dtype(array.dtype)
        if array.dtype.kind in "iu" and wanted != array.dtype and array.size:
            for value in (int(array.min()), int(array.max())):
                if not np.iinfo(wanted).min <= value <= np.iinfo(wanted).max:
                    raise InputError(f"{what} holds {value}{where}, which is beyond {wanted}", key=key)
        return array.astype(wanted, copy=False)

    return jax.tree_util.tree_map_with_path(convert, tree)


def is_extended(dtype: Any) -> bool:
    """Return whether a type is one of JAX's own number types, as bfloat16, which has no letter in numpy."""
    return bool(jnp.issubdtype(dtype, np.number))


class Keys:
    """Exchange of a tree's JAX keys, which numpy cannot hold, and raw key data.

    Args:
        tree: with the keys in it.
    """

    def __init__(self, tree: Tree) -> None:
        leaves, self._structure = jax.tree.flatten(tree)
        self._impls = [str(jax.random.key_impl(leaf)) if is_key(leaf) else None for leaf in leaves]

    def lower(self, tree: Tree) -> Tree:
        """Return the tree with raw key data."""
        pairs = zip(jax.tree.leaves(tree), self._impls, strict=True)
        leaves = [jax.random.key_data(leaf) if impl else leaf for leaf, impl in pairs]
        return jax.tree.unflatten(self._structure, leaves)

    def lift(self, tree: Tree) -> Tree:
        """Return the tree with JAX keys."""
        pairs = zip(jax.tree.leaves(tree), self._impls, strict=True)
        leaves = [jax.random.wrap_key_data(leaf, impl=impl) if impl else leaf for leaf, impl in pairs]
        return jax.tree.unflatten(self._structure, leaves)


def alike(one: Tree, other: Tree) -> bool:
    """Return whether two trees have one structure."""
    return bool(jax.tree.structure(one) == jax.tree.structure(other))  # type: ignore[operator]


def check_same(before: Tree, after: Tree, what: str, key: str, *, types: bool = True) -> None:
    """Refuse a state that comes back in another shape.

    Args:
        before: shapes of the state given.
        after: shapes of the state returned.
        what: name of the function in messages.
        key: config key of the reference.
        types: whether types must agree, too.

    Raises:
        InputError: structure, shape or type differs, with the first place.
    """
    if not alike(before, after):
        raise InputError(
            f"{what} returned a state of another structure than it was given: {shape_of(after)} instead of "
            f"{shape_of(before)}",
            key=key,
        )
    for (path, one), other in zip(jax.tree_util.tree_leaves_with_path(before), jax.tree.leaves(after), strict=True):
        if one.shape != other.shape or (types and one.dtype != other.dtype):
            position = jax.tree_util.keystr(path) or "as a whole"
            raise InputError(
                f"{what} returned a state that differs from the one it was given: {position} is {shape_of(other)} "
                f"instead of {shape_of(one)}",
                key=key,
            )
