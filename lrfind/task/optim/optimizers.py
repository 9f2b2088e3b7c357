"""The optimiser of a task: one of optax by name or the user's, and the line of source to paste."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import jax
import optax
from optax import contrib

from lrfind.config.optimizer_catalog import OPTIMIZERS
from lrfind.config.schema import Config
from lrfind.config.sections.base import NONE, OwnModel, short
from lrfind.config.sections.optimizer import OptimizerSection
from lrfind.core.errors import InputError
from lrfind.core.registry import near
from lrfind.engine.step import TrainState
from lrfind.task.optim import param_groups as groups
from lrfind.task.optim.source_code import Call, Formula, evaluate, source

MakeOptimizer = Callable[[Any], Any]
"""``rate -> optax.GradientTransformation``. Called inside the compiled step with a traced rate: one program serves
every
rate (a Python float would be baked in and compiled again for each, optax#577), and no `inject_hyperparams`, which turns
b2 = 0.999 into 1 under bfloat16 parameters (optax#1414)."""


NUMBER_ALONE = {"polyak_sgd", "sm3"}
"""Optimisers whose rate optax takes as a number and not as a schedule; source text has to wrap them."""


def is_plain(section: OptimizerSection) -> bool:
    """Return whether updates are the gradient times minus the rate and nothing else."""
    alone = section.clip_norm is None and not section.groups and not section.frozen
    return section.name == "sgd" and alone and section.options.get("momentum") is None


def call(section: OptimizerSection, rate: Any) -> Call:
    """Return the expression of an optimiser at a rate: a number, a traced array, or source text.

    The call of a user's own is source text alone, without the file of its function.
    """
    parts = {pattern: _bare(section, times(factor, rate)) for pattern, factor in section.groups.items()}
    parts.setdefault(groups.REST, _bare(section, rate))
    still = {pattern: Call("optax.set_to_zero") for pattern in section.frozen}
    if section.clip_norm is None:
        return _partition({**still, **parts})
    # What is frozen outermost, so that the norm is that of what is trained, whoever computes the gradient.
    clip = Call("optax.clip_by_global_norm", (section.clip_norm,))
    return _partition({**still, groups.REST: Call("optax.chain", (clip, _partition(parts)))})


def _bare(section: OptimizerSection, rate: Any) -> Call:
    if section.target is not None:
        return Call(short(section.target).rpartition(":")[2], (rate,), section.kwargs)
    entry = OPTIMIZERS[section.name]
    options: dict[str, Any] = {**entry.given, **section.options}
    if section.decayed == "weights":
        assert entry.mask is not None  # The config's section checks it.
        options[entry.mask] = Formula(groups.matrices, groups.MATRICES)
    if section.name in NUMBER_ALONE and isinstance(rate, Name) and not rate.isidentifier():
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


def build(section: OptimizerSection) -> MakeOptimizer:
    """Return the optimiser as a function of its rate.

    Raises:
        InputError: the installed optax has no such optimiser or keyword, or refuses a keyword's value.
    """
    name, target = section.name, OPTIMIZERS[section.name].target
    module, _, function = target.rpartition(".")
    factory = getattr(import_module(module), function, None)
    if factory is None:
        raise InputError(f"the installed optax has no {target}; upgrade optax", key="optimizer.name")
    known = inspect.signature(factory).parameters
    for keyword in section.options:
        if keyword not in known:
            raise InputError(
                f"the installed optax's {name} has no '{keyword}'{near(keyword, known)}; upgrade optax or leave it out",
                key=f"optimizer.{keyword}",
            )
    try:
        evaluate(call(section, 1.0))
    except (ValueError, TypeError) as error:
        raise InputError(f"optax refuses it: {error}", key="optimizer") from error
    if "key" in OPTIMIZERS[name].given:
        return lambda rate: keys_as_numbers(evaluate(call(section, rate)))
    return lambda rate: evaluate(call(section, rate))


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
    if clip_norm is None:
        return lambda rate: keys_as_numbers(make(rate))
    return lambda rate: keys_as_numbers(optax.chain(optax.clip_by_global_norm(clip_norm), make(rate)))


def to_source(section: OptimizerSection, rate: float | str, then: Call | None = None) -> str:
    """Return the line to paste, e.g. ``"optax.adamw(0.0012, weight_decay=0.01)"``.

    It needs `optax` alone, and `jax` where parameters are told apart. The file of a user's own optimiser is a comment.

    Args:
        section: optimiser section of the config.
        rate: the rate, or the source text of what stands for it: a name, or a schedule.
        then: transformation to chain with.
    """
    expression = call(section, Name(rate) if isinstance(rate, str) else rate)
    if section.accumulate > 1:
        expression = Call("optax.MultiSteps", (expression,), {"every_k_schedule": section.accumulate})
    if then is not None:  # MultiSteps hands no value on to what is inside of it
        expression = Call("optax.chain", (expression, then))
    file = short(section.target or "").rpartition(":")[0]
    return source(expression) + (f"  # {file}" if file else "")


def line(config: Config, rate: float | str, then: Call | None = None) -> str:
    """Return the line to paste; for a user's train step its rate: a number, or a schedule to call by the step.

    Args:
        config: resolved config.
        rate: the rate, or the source text of what stands for it: a name, or a schedule.
        then: transformation to chain with.
    """
    if isinstance(config.model, OwnModel) and config.optimizer.name == NONE:
        # What the optimiser is chained with is inside of the step.
        return f"lr = {rate}  # for the step of {config.model.title}"
    return to_source(config.optimizer, rate, then)


def averages(params: Any, state: Any) -> Any:
    """Return the parameters at which a schedule-free optimiser is evaluated.

    It takes its gradients at y, between an average x and the iterates z, and x is the answer (Defazio et al. 2024,
    arXiv:2405.15682).

    Args:
        params: trained parameters.
        state: optimiser state.
    """

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


class Name(str):
    """Text that source shows without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class TaskOptimizer:
    """Optimiser of a task.

    Attributes:
        section: optimiser section of the config.
        params: initial parameters, which the patterns of the section have to match.
        own: the user's optimiser; None for the section's.
    """

    section: OptimizerSection
    params: Callable[[], Any]
    own: MakeOptimizer | None = None

    @cached_property
    def make(self) -> MakeOptimizer:
        """Function ``rate -> optax.GradientTransformation``.

        Raises:
            InputError: a pattern matches no parameter, or the installed optax lacks the optimiser or a keyword.
        """
        if self.own is not None:
            return clipped(self.own, self.section.clip_norm)
        if not self.section.named:  # A user's train step has its own.
            return lambda rate: optax.identity()
        groups.check(self.params(), self.section.groups, self.section.frozen)
        return build(self.section)

    @cached_property
    def evaluated_at(self) -> Callable[[TrainState], TrainState]:
        """Function that replaces a state's parameters by those at which the optimiser is evaluated."""
        if not self.section.name.startswith("schedule_free"):
            return lambda state: state
        compiled = jax.jit(averages)
        return lambda state: state._replace(params=compiled(state.params, state.optimizer))
