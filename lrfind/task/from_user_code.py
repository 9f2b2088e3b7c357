"""From a config that names a user's code, or the arguments of `lrfind.find`, to a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import numpy as np

from lrfind.config.schema import Config
from lrfind.config.sections.base import OwnLoss
from lrfind.core.errors import InputError
from lrfind.core.registry import LOSSES
from lrfind.engine import jax_settings
from lrfind.engine.evaluation import rows_in
from lrfind.task.batch_source import Drawn, Source, TaskBatches, of_dataset
from lrfind.task.data.batches import SPLIT_SEED
from lrfind.task.data.loading import Arrays
from lrfind.task.data.prepare import check_counts, prepare
from lrfind.task.data.rows import draw_held_out
from lrfind.task.models.contract import Network, supervised
from lrfind.task.task import Objective, Task, UserCode, load, loss_of, network_of
from lrfind.task.user_code import models, module_loading
from lrfind.task.user_code.data import BatchFactory, Pairs, UserArrays
from lrfind.task.user_code.loader import ImportPolicy
from lrfind.task.user_code.parts import Parts, Shape, load_parts
from lrfind.task.user_code.pytrees import Tree, is_pair, same_but_rows
from lrfind.task.user_code.recognize import UserModel, check_sections
from lrfind.task.user_code.streamed import Streamed, hold, streamed
from lrfind.task.user_code.tracebacks import shape_of

ALIKE = "every seed starts from the weights that were given, so the seeds differ in their batches alone"

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
    module_loading.forget()
    parts = load_parts(config, policy)
    jax_settings.set_aside()
    return assemble(config, parts, module_loading.digest)


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
    loss = config.loss if isinstance(config.loss, str) else None
    network_name = config.model.name if parts.model is None else None
    pairs = Pairs(loss, network_name) if parts.loss is None else None
    source: Source | None = None
    if parts.data is None:
        source = of_dataset(load(config), config.data.batch_size, whole=parts.model is not None)
    elif isinstance(parts.data, BatchFactory):
        fits = [pairs] if pairs is not None and parts.model is None else []
        source = streamed(parts.data, parts.held_out, config.data.title, config.seed, fits)
    shape, outputs = _row_shape_and_outputs(parts, source, pairs)
    user_model = None if parts.model is None else parts.model(shape, outputs)
    check_sections(config, user_model, optimizer=parts.optimizer is not None, batches=isinstance(source, Streamed))
    source = source or _array_source(config, parts, user_model)
    if isinstance(source, Drawn) and source.data is not None:
        outputs = source.data.outputs
    objective = _objective(config, parts, user_model, source, shape, outputs)
    task = Task(config, objective, TaskBatches(config, source), _user_code(config, parts, user_model, source))
    example = source.first(source.batch_rows)
    _trace(task, user_model, example)
    network = objective.network
    if isinstance(source, Streamed) and pairs is not None and user_model is not None and network is not None:
        params, state = objective.initial
        answers = jax.eval_shape(lambda: network.apply(params, state, example[0], None, False)[0])
        hold(pairs, source, int(answers.shape[-1]))
    return replace(task, user_code=replace(task.user_code, digest=digest()))


def _row_shape_and_outputs(parts: Parts, source: Source | None, pairs: Pairs | None) -> tuple[Shape | None, int | None]:
    """Return the shape of a row of inputs and the number of outputs, None where the data do not tell."""
    if isinstance(source, Drawn) and source.data is not None:
        return source.data.input_shape, source.data.outputs
    samples = [parts.data.train] if isinstance(parts.data, UserArrays) else []
    if isinstance(source, Streamed):
        samples = source.stream(0).take(max(1, min(LABEL_BATCHES, LABEL_BYTES // max(1, source.batch_bytes))))
    if not is_pair(samples[0]):
        return None, None
    inputs, targets = samples[0]
    shape = inputs.shape[1:] if hasattr(inputs, "shape") else None
    if not hasattr(targets, "dtype"):
        return shape, None
    if pairs is None:
        return shape, targets.shape[-1] if targets.ndim > 1 else 1
    return shape, pairs.outputs(samples)


def _array_source(config: Config, parts: Parts, user_model: UserModel | None) -> Drawn:
    """Return the source of a user's arrays: checked as those of a file for a built-in loss, otherwise as they are.

    Args:
        config: resolved config.
        parts: parts that are the user's, of which the data are arrays.
        user_model: the user's model; None for a built-in network.

    Raises:
        InputError: the arrays do not go together, or not with the model.
    """
    assert isinstance(parts.data, UserArrays)
    section: Any = config.data
    train, held_out = parts.data.train, parts.data.validation
    if isinstance(parts.held_out, BatchFactory):
        raise InputError(f"{section.title} gives arrays; this must be arrays as well", key="data.validation")
    if parts.held_out is not None:
        held_out = parts.held_out.train
    if held_out is not None and not same_but_rows(train, held_out, types=False):
        raise InputError(
            f"what is held out is {shape_of(held_out)}, and {section.title} gives {shape_of(train)} to train on; they "
            "must agree but for the rows",
            key="data.validation",
        )
    understood = user_model is None or (user_model.kind == "network" and parts.loss is None)
    if understood and _is_plain(train):
        loss = config.loss if isinstance(config.loss, str) else None
        rows = train if held_out is None else [np.concatenate(pair) for pair in zip(train, held_out, strict=True)]
        dataset = prepare(Arrays(*rows), section, loss, 0 if held_out is None else len(held_out[0]))
        return of_dataset(dataset, section.batch_size, whole=user_model is not None)
    if user_model is None:
        raise InputError(
            f"{section.title} gives {shape_of(train)}; a built-in network needs (inputs, targets), one array each",
            key="data.target",
        )
    if section.standardize:
        raise InputError("arrays of your own are taken as they are here; do it in your code", key="data.standardize")
    total = rows_in(train)
    if held_out is None and section.validation_fraction > 0:
        train, held_out = _split(train, section.validation_fraction)
    check_counts(rows_in(train), total - rows_in(train), section.batch_size)
    return Drawn(section.title, train, held_out, section.batch_size, whole=True)


def _is_plain(tree: Tree) -> bool:
    """Return whether a tree is one array of inputs and one of targets, as files have them."""
    pair = is_pair(tree) and all(hasattr(leaf, "ndim") for leaf in tree)
    return pair and tree[0].ndim >= 2 and tree[1].ndim <= 2 and (tree[1].ndim == 1 or tree[1].dtype.kind == "f")


def _split(tree: Tree, fraction: float) -> tuple[Tree, Tree | None]:
    """Return the rows to train on, and those held out; None if there are none."""
    labels: Any = tree[1] if is_pair(tree) else None
    classes = None
    if hasattr(labels, "ndim") and labels.ndim == 1 and labels.dtype.kind in "biu":
        classes = labels.astype(np.int32)
    rows = rows_in(tree)
    out = draw_held_out(rows, classes, fraction, SPLIT_SEED)
    kept = np.setdiff1d(np.arange(rows), out)
    held_out = jax.tree.map(lambda leaf: leaf[out], tree) if len(out) else None
    return jax.tree.map(lambda leaf: leaf[kept], tree), held_out


def _objective(
    config: Config, parts: Parts, user_model: UserModel | None, source: Source, shape: Shape | None, outputs: int | None
) -> Objective:
    """Return model and loss, of which the user's code gives one part at least.

    Args:
        config: resolved config.
        parts: parts that are the user's.
        user_model: the user's model; None for the config's network.
        source: source of the batches.
        shape: shape of a row of inputs; None if unknown.
        outputs: number of outputs; None if unknown.

    Raises:
        InputError: model, loss and batches do not fit together.
    """
    example = source.first(source.batch_rows)
    if user_model is not None and user_model.kind != "network":
        model = (models.losing if user_model.kind == "loss" else models.stepping)(user_model, example)
        return Objective(config, lambda precision: model, user_model.description, f"loss of {user_model.title}")
    if parts.loss is not None and isinstance(config.loss, OwnLoss):
        name, loss = config.loss.title, parts.loss
    else:
        fitting = _default_loss(source, example)
        name = config.loss if isinstance(config.loss, str) else fitting
        loss = LOSSES[name].load()
        if user_model is not None:
            loss = models.fitted(name, loss, outputs, f"apply of {user_model.title}")
    network: Network
    if user_model is not None:
        network = models.OwnNetwork(user_model, example, outputs, any_tree=parts.loss is not None)
    elif shape is not None and outputs is not None and is_pair(example):
        network = network_of(config, shape, outputs)
    else:
        raise InputError(
            f"{config.data.title} gives {shape_of(example)} for a batch; a built-in network needs (inputs, targets), "
            "one array each",
            key="data.target",
        )
    return Objective(config, partial(supervised, network, loss), network.describe(), name, network)


def _default_loss(source: Source, example: Any) -> str:
    """Return the name of the built-in loss for the targets of a batch."""
    if isinstance(source, Drawn) and source.data is not None:
        return loss_of(source.data)
    targets = models.targets_of(example, "the network")
    if not hasattr(targets, "dtype"):
        raise InputError(
            f"targets are {shape_of(targets)}; the built-in losses need one array, so give a loss of your own",
            key="loss",
        )
    return "cross_entropy" if targets.dtype.kind in "iu" else "mse"


def _user_code(config: Config, parts: Parts, user_model: UserModel | None, source: Source) -> UserCode:
    alike = user_model is not None and user_model.init is None and config.sweep.seeds > 1
    return UserCode(
        in_step=bool(parts.model or parts.loss or parts.optimizer) or isinstance(source, Streamed),
        loss=parts.loss is not None,
        optimizer=parts.optimizer,
        notes=lambda: getattr(source, "notes", ()),
        assumptions=(ALIKE,) if alike else (),
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
            models.refuse_whole_numbers(params, user_model.title)
        task.validate()
        jax.eval_shape(lambda p, s, batch, k: model.loss(p, s, batch, k, True), params, state, example, key)
    jax.eval_shape(lambda p, s, batch: model.loss(p, s, batch, None, False), params, state, example)
    task.shapes()
