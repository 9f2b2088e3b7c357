"""`lrfind.find`: the same run as `lrfind sweep`, for objects instead of a config."""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from lrfind.answer import Answer
from lrfind.config.optimizer_catalog import OPTIMIZERS
from lrfind.config.schema import Config
from lrfind.config.sections.base import NONE, OWN, PYTHON
from lrfind.config.validate import validate
from lrfind.core.errors import ConfigError, InputError, Problem, RunError
from lrfind.core.result import Result
from lrfind.engine import devices, jax_settings
from lrfind.runs.callbacks import Callback
from lrfind.runs.measure import measure
from lrfind.runs.prepare import Run, RunContext
from lrfind.task import from_user_code
from lrfind.task.user_code.data import recognise as recognise_data
from lrfind.task.user_code.parts import Parts, own_optimizer
from lrfind.task.user_code.pytrees import is_module
from lrfind.task.user_code.recognize import recognise
from lrfind.task.user_code.tracebacks import failure_of

ARGUMENTS = {
    **{f"train.{name}": name for name in ("steps", "epochs", "schedule")},
    **{f"sweep.{name}": name for name in ("seeds", "min_lr", "max_lr", "method")},
    **{f"confirm.{name}": name for name in ("budget", "max_seconds")},
    **{f"data.{name}": name for name in ("batch_size", "validation_fraction", "validation")},
    **{f"optimizer.{name}": name for name in ("clip_norm", "accumulate")},
    "sweep.steps": "sweep_steps",
    "confirm.enabled": "confirm",
    "data.target": "batches",
    "model.target": "loss_fn",
    "optimizer.target": "optimizer",
    "optimizer.name": "optimizer",
}
"""Config keys, and the arguments of `find` that stand for them."""


def find(
    loss_fn: Callable[..., Any],
    params: Any,
    batches: Any,
    *,
    optimizer: Callable[..., Any] | str | Mapping[str, Any] | None = None,
    steps: int | None = None,
    epochs: float | None = None,
    schedule: str | Mapping[str, Any] = "constant",
    validation: Any = None,
    validation_fraction: float | None = None,
    batch_size: int | None = None,
    seeds: int = 4,
    min_lr: float | None = None,
    max_lr: float | None = None,
    sweep_steps: int = 100,
    method: str = "steepest",
    confirm: bool = True,
    budget: int = 3000,
    max_seconds: float | None = None,
    clip_norm: float | None = None,
    accumulate: int = 1,
    seed: int = 0,
    name: str = "find",
) -> Answer:
    """Find the learning rate to train with, by a sweep over several seeds and short real trainings.

    Prints nothing, writes nothing, and leaves what it is given as it is.

    Args:
        loss_fn: ``loss_fn(params, batch)`` or ``loss_fn(params, batch, key)``, the mean over the batch, which JAX can
            trace; or a whole train step ``step(state, batch, lr, key) -> (state, loss)``.
        params: the weights to start from: any pytree of arrays, a module that is a pytree (Equinox, Flax NNX), or
            ``init(key)`` that makes some, which gives every seed its own; of a train step, its state.
        batches: arrays with one leading axis in any pytree but a list, such as ``(inputs, targets)``, out of which
            batches are drawn; or an iterable of batches; or a function that makes one, with a parameter called ``seed``
            where its order depends on that.
        optimizer: ``lr -> optax.GradientTransformation``, such as ``optax.adamw`` or ``functools.partial(optax.sgd,
            momentum=0.9)``, called with a traced rate; or what a config has. By default ``optax.adamw``; a train step
            has its own.
        steps: length of the training that the rate is for, 1,000 by default.
        epochs: the same in passes over the data, instead of `steps`.
        schedule: of that training: a name or a section of a config, such as ``{"name": "cosine", "warmup_steps": 50}``.
        validation: arrays or batches to judge by, of the form of `batches`.
        validation_fraction: share of arrays that is held out where `validation` is left out, 0.2 by default.
        batch_size: rows of a batch that is drawn out of arrays, 64 by default.
        seeds: sweeps side by side.
        min_lr: first rate of the sweep, below which it never goes; left out: 1e-7, and lower where that is too high.
        max_lr: last rate of the sweep, above which it never goes; left out: 10, and higher where that is too low.
        sweep_steps: steps of the sweep.
        method: how the suggestion is read off the curve.
        confirm: whether to check the suggestion by short trainings.
        budget: optimiser steps that sweep and trainings may take together.
        max_seconds: seconds after which no further training is begun.
        clip_norm: largest global norm of a gradient.
        accumulate: batches whose gradients are averaged for one step.
        seed: of everything random.
        name: how reports call it.

    Returns:
        An `Answer`, with `learning_rate`, `interval`, `reason`, `suggestions`, `figure()`, `save(folder)`.

    Raises:
        InputError: an argument is wrong.
        OwnCodeError: the caller's code raised; what it raised is the cause.
        RunError: memory ran out.

    Examples:
        >>> import jax.numpy as jnp, numpy as np, optax, lrfind
        >>> x = np.random.default_rng(0).normal(size=(320, 4))
        >>> def loss_fn(params, batch):
        ...     inputs, targets = batch
        ...     return jnp.mean((inputs @ params["w"] - targets) ** 2)
        >>> data, params = (x, x.sum(axis=1)), {"w": jnp.zeros(4)}
        >>> answer = lrfind.find(loss_fn, params, data, optimizer=optax.sgd, steps=60, seeds=2)
        >>> answer.confirmed, 0.02 < answer.learning_rate < 1
        (True, True)
        >>> answer.result.facts.optimizer == f"optax.sgd({float(f'{answer.learning_rate:.3g}')})"
        True
    """
    title = name_of(loss_fn, "loss_fn")
    if not callable(loss_fn):
        raise InputError(f"loss_fn must be a function of params and a batch; got {type(loss_fn).__name__}")
    model = recognise((loss_fn, 0), title)
    if callable(params) and not is_module(params):
        made = "state" if model.kind == "step" else "params"
        model = recognise({("step" if made == "state" else "loss_fn"): loss_fn, "init": params}, title)
    else:
        model = recognise((loss_fn, params), title)
    if optimizer is None and model.kind != "step":
        optimizer = "adamw"
    section, make, line = chosen(optimizer)
    sections = {
        "seed": seed,
        "model": {"name": OWN, "target": f"{PYTHON}:{identifier(title)}"},
        "data": {"name": OWN, "target": f"{PYTHON}:batches"}
        | given(batch_size=batch_size, validation_fraction=validation_fraction),
        "optimizer": section | given(clip_norm=clip_norm) | ({"accumulate": accumulate} if accumulate != 1 else {}),
        "train": {"schedule": {"name": schedule} if isinstance(schedule, str) else dict(schedule)}
        | given(steps=steps, epochs=epochs),
        "sweep": {"steps": sweep_steps, "seeds": seeds, "method": method} | given(min_lr=min_lr, max_lr=max_lr),
        "confirm": {"enabled": confirm, "budget": budget} | given(max_seconds=max_seconds),
    }
    try:
        config = checked(sections)
        with jax_settings.set_aside_within():
            parts = parts_of(model, batches, validation, make, line)
            return Answer(measured(config, parts, name, (min_lr, max_lr)))
    except ConfigError:
        raise
    except InputError as error:
        argument = ARGUMENTS.get(error.key or "", "")
        raise InputError(f"{argument}: {error}" if argument else str(error)) from error.__cause__


def measured(config: Config, parts: Parts, name: str, bounds: tuple[float | None, float | None]) -> Result:
    """Run the sweep and the confirmation, and return the result."""
    context = RunContext(Callback())
    platform = devices.configure(cache=False)
    with context.timed("data"):
        task = from_user_code.assemble(config, parts, lambda: "")

    try:
        result = measure(Run(task, platform, context), name, bounds)
    except RunError as error:
        raise failure_of(error) from error.__cause__
    if result.status == "interrupted":
        raise KeyboardInterrupt
    return result


def parts_of(model: Any, batches: Any, validation: Any, make: Callable[..., Any] | None, line: str) -> Parts:
    """Return the caller's objects as parts of a task."""
    return Parts(
        data=recognise_data(batches, {}, "batches"),
        held_out=None if validation is None else recognise_data(validation, {}, "validation", "data.validation"),
        model=lambda shape, outputs: model,
        optimizer=None if make is None else own_optimizer(make, {}, line),
    )


def checked(sections: dict[str, Any]) -> Config:
    """Validate the sections of a config; errors name the arguments of `find`."""
    config, findings = validate(sections)
    if config is None:
        problems = []
        for problem in findings:
            dotted = ".".join(map(str, problem.path))
            head = next((known for known in ARGUMENTS if f"{dotted}.".startswith(f"{known}.")), "")
            problems.append(Problem(problem.message, f"{ARGUMENTS.get(head, '')}{dotted[len(head) :]}"))
        raise ConfigError(problems)
    return config


def chosen(optimizer: Any) -> tuple[dict[str, Any], Callable[..., Any] | None, str]:
    """Return an optimizer as a config's section, as a function of the rate (None if by name), and as source."""
    if optimizer is None or isinstance(optimizer, str):
        return {"name": NONE if optimizer is None else optimizer}, None, ""
    if isinstance(optimizer, Mapping):
        return dict(optimizer), None, ""
    if not callable(optimizer):
        built = hasattr(optimizer, "init") and hasattr(optimizer, "update")
        mend = "an optimiser at a fixed rate" if built else type(optimizer).__name__
        raise InputError(
            f"optimizer must be a function of the rate, such as optax.adamw or lambda lr: optax.adamw(lr); got {mend}"
        )
    function, options = optimizer, {}
    if isinstance(optimizer, functools.partial) and not optimizer.args:
        function, options = optimizer.func, dict(optimizer.keywords)
    for name, entry in OPTIMIZERS.items():
        module, _, attribute = entry.target.rpartition(".")
        if getattr(function, "__name__", "") == attribute and options.keys() <= entry.options.keys():
            plain = all(isinstance(value, bool | int | float | str) for value in options.values())
            if plain and getattr(importlib.import_module(module), attribute, None) is function:
                return {"name": name, **options}, None, ""
    line = name_of(function, "optimizer")
    return {"name": OWN, "target": f"{PYTHON}:{identifier(line)}"}, optimizer, line


def given(**values: Any) -> dict[str, Any]:
    """Return the values that are not None."""
    return {key: value for key, value in values.items() if value is not None}


def name_of(function: Any, parameter: str) -> str:
    """Return the name of a function; that of the parameter it is given for if it is a lambda."""
    name = getattr(function, "__name__", None) or type(function).__name__
    return parameter if name == "<lambda>" else str(name)


def identifier(name: str) -> str:
    """Return a name as an identifier."""
    word = re.sub(r"\W", "_", name)
    return word if word.isidentifier() else f"_{word}"
