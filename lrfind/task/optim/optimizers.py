"""Optimisers of optax by name, and the line of source to paste."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

import jax
import optax
from optax import contrib

from lrfind.config.optimizer_catalog import OPTIMIZERS
from lrfind.core.errors import InputError
from lrfind.core.registry import near
from lrfind.task.optim import param_groups as groups
from lrfind.task.optim.source_code import Call, Formula, evaluate, source

MakeOptimizer = Callable[[Any], Any]
"""``rate -> optax.GradientTransformation``. Called inside the compiled step with a traced rate: one program serves
every
rate (a Python float would be baked in and compiled again for each, optax#577), and no `inject_hyperparams`, which turns
b2 = 0.999 into 1 under bfloat16 parameters (optax#1414)."""


NUMBER_ALONE = {"polyak_sgd", "sm3"}
"""Optimisers whose rate optax takes as a number and not as a schedule; source text has to wrap them."""


@dataclass(frozen=True)
class Choice:
    """Optimiser of a config.

    Attributes:
        name: a key of `OPTIMIZERS`.
        options: the optimiser's own keywords.
        clip_norm: the largest global norm that the gradient of all that is trained may have, or None.
        decayed: parameters with weight decay: ``"all"`` or ``"weights"`` (see `groups.matrices`).
        groups: pattern -> what the rate of those parameters is multiplied by; see `lrfind.task.optim.param_groups`.
        frozen: patterns of parameters that stay as they are.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    clip_norm: float | None = None
    decayed: Literal["all", "weights"] = "all"
    groups: Mapping[str, float] = field(default_factory=dict)
    frozen: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether updates are the gradient times minus the rate and nothing else."""
        alone = self.clip_norm is None and not self.groups and not self.frozen
        return self.name == "sgd" and alone and self.options.get("momentum") is None


def chosen(section: Any) -> Choice:
    """Return the optimiser of a config's section."""
    return Choice(section.name, section.options, section.clip_norm, section.decayed, section.groups, section.frozen)


def call(choice: Choice, rate: Any) -> Call:
    """Return the optax expression of an optimiser at a rate, which is a number or a traced array."""
    parts = {pattern: _bare(choice, times(factor, rate)) for pattern, factor in choice.groups.items()}
    parts.setdefault(groups.REST, _bare(choice, rate))
    still = {pattern: Call("optax.set_to_zero") for pattern in choice.frozen}
    if choice.clip_norm is None:
        return _partition({**still, **parts})
    # What is frozen outermost, so that the norm is that of what is trained, whoever computes the gradient.
    clip = Call("optax.clip_by_global_norm", (choice.clip_norm,))
    return _partition({**still, groups.REST: Call("optax.chain", (clip, _partition(parts)))})


def _bare(choice: Choice, rate: Any) -> Call:
    entry = OPTIMIZERS[choice.name]
    options = {**entry.given, **choice.options}
    if choice.decayed == "weights":
        assert entry.mask is not None  # The config's section checks it.
        options[entry.mask] = Formula(groups.matrices, groups.MATRICES)
    if choice.name in NUMBER_ALONE and isinstance(rate, Name) and not rate.isidentifier():
        return Call(f"optax.inject_hyperparams({entry.target})", (rate,), options)
    return Call(entry.target, (rate,), options)


def _partition(transforms: Mapping[str, Call]) -> Call:
    """Return one optimiser per pattern; for the pattern of the rest alone, its optimiser."""
    if len(transforms) == 1:
        return transforms[groups.REST]
    labels = groups.Labels(tuple(transforms))
    return Call("optax.partition", (dict(transforms), Formula(labels, labels.source)))


def times(factor: float, rate: Any) -> Any:
    """Return a multiple of a rate: a number for a number, source text for a name or a schedule."""
    if isinstance(rate, Name):
        if rate.isidentifier():
            return Name(f"{source(factor)} * {rate}")
        return Name(f"lambda step: {source(factor)} * {rate}(step)")
    return float(f"{factor * rate:.12g}") if isinstance(rate, float) else factor * rate


def build(choice: Choice) -> MakeOptimizer:
    """Return the optimiser as a function of its rate.

    Raises:
        InputError: the installed optax has no such optimiser or keyword, or refuses a keyword's value.
    """
    name, target = choice.name, OPTIMIZERS[choice.name].target
    module, _, function = target.rpartition(".")
    factory = getattr(import_module(module), function, None)
    if factory is None:
        raise InputError(f"the installed optax has no {target}; upgrade optax", key="optimizer.name")
    known = inspect.signature(factory).parameters
    for keyword in choice.options:
        if keyword not in known:
            raise InputError(
                f"the installed optax's {name} has no '{keyword}'{near(keyword, known)}; upgrade optax or leave it out",
                key=f"optimizer.{keyword}",
            )
    try:
        evaluate(call(choice, 1.0))
    except (ValueError, TypeError) as error:
        raise InputError(f"optax refuses it: {error}", key="optimizer") from error
    if "key" in OPTIMIZERS[name].given:
        return lambda rate: keys_as_numbers(evaluate(call(choice, rate)))
    return lambda rate: evaluate(call(choice, rate))


def keys_as_numbers(optimizer: Any) -> Any:
    """Return the optimiser with the random keys of its state as numbers, which numpy and files can hold."""

    def is_key(leaf: Any) -> bool:
        return bool(jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key))

    def plain(state: Any) -> Any:
        return jax.tree.map(lambda leaf: jax.random.key_data(leaf) if is_key(leaf) else leaf, state)

    def init(params: Any) -> Any:
        return plain(optimizer.init(params))

    def update(updates: Any, state: Any, params: Any = None, **extra: Any) -> tuple[Any, Any]:
        kinds = jax.eval_shape(optimizer.init, params)
        state = jax.tree.map(lambda kind, leaf: jax.random.wrap_key_data(leaf) if is_key(kind) else leaf, kinds, state)
        updates, state = optax.with_extra_args_support(optimizer).update(updates, state, params, **extra)
        return updates, plain(state)

    return optax.GradientTransformationExtraArgs(init, update)


def clipped(make: MakeOptimizer, clip_norm: float | None) -> MakeOptimizer:
    """Return a user's optimiser behind clipping by global norm, with the keys of its state as numbers."""

    def chained(rate: Any) -> Any:
        made = make(rate)
        return made if clip_norm is None else optax.chain(optax.clip_by_global_norm(clip_norm), made)

    return lambda rate: keys_as_numbers(chained(rate))


def none(rate: Any) -> Any:
    """Return the identity, for a user's train step that has its own optimiser."""
    del rate
    return optax.identity()


def to_source(choice: Choice, rate: float | str, *, accumulate: int = 1, then: Call | None = None) -> str:
    """Return the line of optax to paste, e.g. ``"optax.adamw(0.0012, weight_decay=0.01)"``.

    It needs `optax` alone, and `jax` where parameters are told apart.

    Args:
        choice: optimiser.
        rate: the rate, or the source text of what stands for it: a name, or a schedule.
        accumulate: micro-batches per optimiser step.
        then: transformation to chain with.
    """
    expression = call(choice, Name(rate) if isinstance(rate, str) else rate)
    if accumulate > 1:
        expression = Call("optax.MultiSteps", (expression,), {"every_k_schedule": accumulate})
    if then is not None:  # MultiSteps hands no value on to what is inside of it
        expression = Call("optax.chain", (expression, then))
    return source(expression)


def evaluated_at(choice: Choice) -> Callable[[Any, Any], Any] | None:
    """Return ``(params, optimiser state) -> params`` at which the optimiser is evaluated; None for the trained ones.

    A schedule-free optimiser takes its gradients at y, between an average x and the iterates z, and x is the answer
    (Defazio et al. 2024, arXiv:2405.15682).
    """
    if not choice.name.startswith("schedule_free"):
        return None

    def averages(params: Any, state: Any) -> Any:
        def free(node: Any) -> bool:
            return isinstance(node, contrib.ScheduleFreeState)

        # One state for each group, with nothing in the places of the others.
        states = [node for node in jax.tree.leaves(state, is_leaf=free) if free(node)]
        leaves = dict(jax.tree_util.tree_leaves_with_path(params))
        for schedule_free in states:
            paths, z = zip(*jax.tree_util.tree_leaves_with_path(schedule_free.z), strict=True)
            own = [leaves[path] for path in paths]
            averaged = contrib.schedule_free_eval_params(schedule_free._replace(z=list(z)), own)
            leaves |= zip(paths, averaged, strict=True)
        return jax.tree.unflatten(jax.tree.structure(params), leaves.values())

    return averages


class Name(str):
    """Text that source shows without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
