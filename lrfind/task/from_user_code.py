"""From a config that names a user's code, or the arguments of `lrfind.find`, to a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from lrfind.config.schema import Config
from lrfind.config.sections.target import OwnLoss
from lrfind.core.dataset import Dataset
from lrfind.engine import jax_settings
from lrfind.task.batch_source import Drawn, Source, TaskBatches, of_dataset
from lrfind.task.builtin import load
from lrfind.task.models.layers import OF_TOKENS
from lrfind.task.task import Task, UserCode
from lrfind.task.user_code.array_source import of_arrays
from lrfind.task.user_code.batch_validation import Pairs, hold
from lrfind.task.user_code.data import BatchFactory, UserArrays
from lrfind.task.user_code.loader import ImportPolicy, Loader
from lrfind.task.user_code.models import refuse_whole_numbers
from lrfind.task.user_code.objective import build_objective
from lrfind.task.user_code.optimizers import step_line
from lrfind.task.user_code.parts import Parts, Shape, load_parts
from lrfind.task.user_code.recognize import UserModel, check_sections
from lrfind.task.user_code.streamed import Streamed, streamed

LABEL_BATCHES = 32
"""Largest number of batches in which the highest label is sought, for a built-in network's number of outputs."""

LABEL_BYTES = 2**26
"""Largest number of bytes of these batches, one batch excepted."""


def make(config: Config, policy: ImportPolicy) -> Task:
    """Return the task of a config with at least one reference.

    Args:
        config: resolved config.
        policy: folders and packages that code may be loaded from.

    Raises:
        InputError: a reference is wrong, or its object is of no supported kind.
        OwnCodeError: the user's code raised.
    """
    loader = Loader(policy)
    parts = load_parts(config, loader)
    jax_settings.set_aside()
    return assemble(config, parts, loader.digest)


def assemble(config: Config, parts: Parts, digest: Callable[[], str]) -> Task:
    """Return the task of a user's parts and a config's built-in ones; all of the user's code is traced once.

    Args:
        config: resolved config.
        parts: parts that are the user's.
        digest: function that returns a hash of their source, called after all of it has run.

    Raises:
        InputError: the parts do not fit together.
        OwnCodeError: the user's code raised.
    """
    dataset = load(config) if parts.data is None else None
    pairs = _pairs(config, parts)
    batches = None
    if isinstance(parts.data, BatchFactory):
        fits = [pairs] if pairs is not None and parts.model is None else []
        batches = streamed(parts.data, parts.held_out, config.data.title, config.seed, fits)
    shape, outputs = _row_shape_and_outputs(parts, dataset, batches, pairs)
    user_model = None if parts.model is None else parts.model(shape, outputs)
    check_sections(config, user_model, optimizer=parts.optimizer is not None, batches=batches is not None)
    source = batches or _array_source(config, parts, dataset, user_model)
    if isinstance(source, Drawn) and source.data is not None:
        outputs = source.data.outputs
    objective = build_objective(config, parts, user_model, source, shape, outputs)
    task = Task(config, objective, TaskBatches(config, source), _user_code(config, parts, user_model, source))
    example = source.first(source.batch_rows)
    _trace(task, user_model, example)
    if batches is not None and pairs is not None and user_model is not None and objective.network is not None:
        hold(pairs, batches, _outputs(task, example))
    return replace(task, user_code=replace(task.user_code, digest=digest()))


def _pairs(config: Config, parts: Parts) -> Pairs | None:
    """Return the check of ``(inputs, targets)`` for built-in loss and network; None for a user's loss."""
    if parts.loss is not None or isinstance(config.loss, OwnLoss):
        return None
    network = None if parts.model is not None else config.model.name
    return Pairs(config.loss, network, tokens=network in OF_TOKENS)


def _row_shape_and_outputs(
    parts: Parts, dataset: Dataset | None, batches: Streamed | None, pairs: Pairs | None
) -> tuple[Shape | None, int | None]:
    """Return the shape of a row of inputs and the number of outputs, None where the data do not tell."""
    if dataset is not None:
        return dataset.input_shape, dataset.outputs
    samples = [parts.data.train] if isinstance(parts.data, UserArrays) else []
    if batches is not None:
        samples = batches.stream(0).take(max(1, min(LABEL_BATCHES, LABEL_BYTES // max(1, batches.batch_bytes))))
    if not (isinstance(samples[0], tuple) and len(samples[0]) == 2):
        return None, None
    inputs, targets = samples[0]
    shape = inputs.shape[1:] if hasattr(inputs, "shape") else None
    if not hasattr(targets, "dtype"):
        return shape, None
    if pairs is None:
        return shape, targets.shape[-1] if targets.ndim > 1 else 1
    return shape, pairs.outputs(samples)


def _array_source(config: Config, parts: Parts, dataset: Dataset | None, user_model: UserModel | None) -> Drawn:
    """Return the source of built-in data or of a user's arrays."""
    if dataset is not None:
        return of_dataset(dataset, config.data.batch_size, whole=user_model is not None)
    assert isinstance(parts.data, UserArrays), "there is no other kind"
    loss = config.loss if isinstance(config.loss, str) else None
    return of_arrays(parts.data, parts.held_out, config.data, loss, user_model, own_loss=parts.loss is not None)


def _user_code(config: Config, parts: Parts, user_model: UserModel | None, source: Source) -> UserCode:
    assumptions = []
    if user_model is not None and user_model.init is None and config.sweep.seeds > 1:
        assumptions.append(
            "every seed starts from the weights that were given, so the seeds differ in their batches alone"
        )
    is_step = user_model is not None and user_model.kind == "step"
    in_step = user_model is not None or parts.loss is not None or parts.optimizer is not None
    return UserCode(
        in_step=in_step or isinstance(source, Streamed),
        loss=parts.loss is not None,
        optimizer=parts.optimizer,
        optimizer_line=step_line(user_model.title) if user_model is not None and is_step else parts.optimizer_line,
        notes=lambda: getattr(source, "notes", ()),
        assumptions=tuple(assumptions),
    )


def _trace(task: Task, user_model: UserModel | None, example: Any) -> None:
    """Trace step and loss on a batch, without computing.

    Raises:
        InputError: model, loss, optimiser and batch do not fit together.
        OwnCodeError: the user's code raised.
    """
    model, (params, state) = task.objective.model, task.objective.initial
    key = np.zeros(2, np.uint32)
    if model.step is not None:
        jax.eval_shape(model.step, params, example, np.float32(0), key)
    else:
        if user_model is not None:
            refuse_whole_numbers(params, user_model.title)
        task.validate()
        jax.eval_shape(lambda p, s, batch, k: model.loss(p, s, batch, k, True), params, state, example, key)
    jax.eval_shape(lambda p, s, batch: model.loss(p, s, batch, None, False), params, state, example)
    task.shapes()


def _outputs(task: Task, example: Any) -> int:
    """Return the number of outputs of the task's network for a batch."""
    network, (params, state) = task.objective.network, task.objective.initial
    assert network is not None
    outputs = jax.eval_shape(lambda: network.apply(params, state, example[0], None, False)[0])
    return int(outputs.shape[-1])
