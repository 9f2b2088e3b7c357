"""From a config that names the user's own code to a plan; `lrfind.find` makes its plans here as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import numpy as np

from lrfind.config.schema import Config
from lrfind.config.sections.data import OwnData
from lrfind.config.sections.target import OWN, OwnLoss, OwnModel, short
from lrfind.core.dataset import Dataset
from lrfind.core.errors import InputError
from lrfind.core.registry import LOSSES
from lrfind.engine import jax_settings
from lrfind.task.batch_source import Drawn, Source, of_dataset
from lrfind.task.builtin import load, loss_of, network_of
from lrfind.task.models.contract import Loss, Network, supervised
from lrfind.task.models.inputs import OF_TOKENS
from lrfind.task.optim.optimizers import MakeOptimizer
from lrfind.task.task import Task, Trained
from lrfind.task.user_code import models
from lrfind.task.user_code.array_source import of_arrays
from lrfind.task.user_code.batch_validation import Pairs, hold
from lrfind.task.user_code.checks import FOUND, check_sections
from lrfind.task.user_code.data import BatchFactory, Streamed, UserArrays, is_data, recognise, streamed
from lrfind.task.user_code.loader import ImportPolicy, Loader
from lrfind.task.user_code.losses import fitted, own_loss
from lrfind.task.user_code.optimizers import own_line, own_optimizer, step_line
from lrfind.task.user_code.recognize import UserModel, is_network
from lrfind.task.user_code.recognize import recognise as recognise_model
from lrfind.task.user_code.signature import called, check_keywords, wants
from lrfind.task.user_code.tracebacks import kind_of, shape_of, user_call

SEEN = 32
"""Batches that are looked at for the highest label: what a network must put out."""

SEEN_BYTES = 2**26
"""Bytes of them, but one in any case."""


@dataclass(frozen=True)
class Parts:
    """What the user brings; None for what is built in.

    Attributes:
        data: recognised arrays or batches.
        held_out: the same for what is held out.
        model: makes the model out of the shape of a row of inputs and the number of outputs, either None where the data
            does not say.
        loss: ``(outputs, targets) -> scalar``.
        loss_title: how reports call the loss.
        optimizer: ``rate -> optax.GradientTransformation``.
        to_paste: the optimiser's line of source by its rate.
    """

    data: UserArrays | BatchFactory | None = None
    held_out: UserArrays | BatchFactory | None = None
    model: Callable[[tuple[int, ...] | None, int | None], UserModel] | None = None
    loss: Loss | None = None
    loss_title: str = ""
    optimizer: MakeOptimizer | None = None
    to_paste: Callable[[Any, Any], str] | None = None


def make(config: Config, policy: ImportPolicy) -> Task:
    """Load what the config names, and put the plan together.

    Args:
        config: with a target at least.
        policy: where code may be loaded from.

    Raises:
        InputError: a reference is wrong, or what is behind it is not what is needed.
        OwnCodeError: the user's code raised.
    """
    loader = Loader(policy)
    parts = Parts(
        **_data(config, loader),
        model=_model(config, loader),
        **_loss(config, loader),
        **_optimizer(config, loader),
    )
    jax_settings.set_aside()
    return assemble(config, parts, loader.digest)


def assemble(config: Config, parts: Parts, code: Callable[[], str]) -> Task:
    """The plan of the user's parts and the config's built-in ones; everything of the user's is tried once.

    Args:
        config: resolved.
        parts: of the user's.
        code: a hash of their source, asked for when all of it has been called.
    """
    dataset = load(config) if parts.data is None else None
    batches = None
    pairs = _pairs(config, parts)
    fits = [pairs] if pairs is not None and parts.model is None else []
    if isinstance(parts.data, BatchFactory):
        batches = streamed(parts.data, parts.held_out, config.data.title, config.seed, fits)
    shape, outputs = _facts(config, parts, dataset, batches, pairs)
    found = None if parts.model is None else parts.model(shape, outputs)
    check_sections(config, found, optimizer=parts.optimizer is not None, batches=batches is not None)
    feeding: Source
    if dataset is not None:
        feeding = of_dataset(dataset, config.data.batch_size, whole=found is not None)
    elif batches is not None:
        feeding = batches
    else:
        assert isinstance(parts.data, UserArrays), "there is no other kind"
        loss = config.loss if isinstance(config.loss, str) else None
        own = parts.loss is not None
        feeding = of_arrays(parts.data, parts.held_out, config.data, loss, found, own_loss=own)
    if isinstance(feeding, Drawn) and feeding.data is not None:
        outputs = feeding.data.outputs
    example = feeding.first(feeding.batch_rows)
    name, function = _chosen_loss(config, parts, found, feeding, example, outputs)
    network = _network(config, found, example, shape, outputs, parts)
    if network is not None:
        assert function is not None, "a network has a loss"
        trained: Trained = partial(supervised, network, function)
    else:
        assert found is not None, "what is built in is a network"
        alone = models.model(found, example)
        trained = lambda precision: alone  # noqa: E731
    described = network.describe() if found is None and network is not None else ""
    described = described if found is None else f"{found.title}, {FOUND[found.kind]}"
    assumed = []
    if found is not None and found.init is None and config.sweep.seeds > 1:
        assumed.append("every seed starts from the weights that were given, so the seeds differ in their batches alone")
    to_paste = step_line(found.title) if found is not None and found.kind == "step" else parts.to_paste
    task = Task(
        config=config,
        source=feeding,
        trained=trained,
        described=described,
        loss=name,
        network=network,
        own_loss=parts.loss is not None,
        own_optimizer=parts.optimizer,
        to_paste=to_paste,
        notes=lambda: getattr(feeding, "notes", ()),
        assumed=tuple(assumed),
    )
    _try(task, found, example)
    if batches is not None and pairs is not None and found is not None and network is not None:
        params, state = task.initial
        made = jax.eval_shape(lambda: network.apply(params, state, example[0], None, False)[0])
        hold(pairs, batches, int(made.shape[-1]))
    return replace(task, code=code())


def _data(config: Config, loader: Loader) -> dict[str, Any]:
    section = config.data
    if not isinstance(section, OwnData):
        return {}
    found = recognise(loader.load(section.target, "data.target", is_data), section.kwargs, section.title)
    held_out = None
    if section.validation is not None:
        title = short(section.validation)
        found_too = loader.load(section.validation, "data.validation", is_data)
        held_out = recognise(found_too, {}, title, "data.validation")
    return {"data": found, "held_out": held_out}


def _model(config: Config, loader: Loader) -> Callable[[tuple[int, ...] | None, int | None], UserModel] | None:
    section = config.model
    if not isinstance(section, OwnModel):
        return None
    found = loader.load(section.target, "model.target", is_network)

    def build(shape: tuple[int, ...] | None, outputs: int | None) -> UserModel:
        if not callable(found) or is_network(found):
            if section.kwargs:
                raise InputError(f"{section.title} is {kind_of(found)} and takes no keywords", key="model.kwargs")
            return recognise_model(found, section.title, "model.target")
        facts = {"input_shape": shape, "outputs": outputs}
        kwargs = dict(section.kwargs)
        for role, value in facts.items():
            name = wants(found, role)
            if name is not None and name not in kwargs and value is not None:
                kwargs[name] = value
        check_keywords(found, kwargs, section.title, "model")
        with user_call(section.title, kwargs):
            built = found(**kwargs)
        jax_settings.set_aside()
        return recognise_model(built, section.title, "model.target")

    return build


def _loss(config: Config, loader: Loader) -> dict[str, Any]:
    section = config.loss
    if not isinstance(section, OwnLoss):
        return {}
    function = called(loader.load(section.target, "loss.target"), section.title, "loss.target")
    check_keywords(function, section.kwargs, section.title, "loss", leading=2)
    return {"loss": own_loss(function, section.kwargs, section.title), "loss_title": section.title}


def _optimizer(config: Config, loader: Loader) -> dict[str, Any]:
    section = config.optimizer
    if section.name != OWN:
        return {}
    assert section.target is not None, "the schema sees to that"
    title = short(section.target)
    function = called(loader.load(section.target, "optimizer.target"), title, "optimizer.target")
    check_keywords(function, section.kwargs, title, "optimizer", leading=1)
    file, _, name = title.rpartition(":")
    return {
        "optimizer": own_optimizer(function, section.kwargs, title),
        "to_paste": own_line(section, name, section.kwargs, file),
    }


def _pairs(config: Config, parts: Parts) -> Pairs | None:
    """What a built-in loss, and a built-in network, can read of the user's batches; None for a loss of their own."""
    if parts.loss is not None or isinstance(config.loss, OwnLoss):
        return None
    network = None if parts.model is not None else config.model.name
    return Pairs(config.loss, network, tokens=network in OF_TOKENS)


def _facts(
    config: Config, parts: Parts, dataset: Dataset | None, batches: Streamed | None, pairs: Pairs | None
) -> tuple[tuple[int, ...] | None, int | None]:
    """Shape of a row of inputs and number of outputs, as far as the data says."""
    if dataset is not None:
        return dataset.input_shape, dataset.outputs
    some = [parts.data.train] if isinstance(parts.data, UserArrays) else []
    if batches is not None:
        some = batches.stream(0).take(max(1, min(SEEN, SEEN_BYTES // max(1, batches.batch_bytes))))
    if not (isinstance(some[0], tuple) and len(some[0]) == 2):
        return None, None
    inputs, targets = some[0]
    shape = inputs.shape[1:] if hasattr(inputs, "shape") else None
    if not hasattr(targets, "dtype"):
        return shape, None
    if pairs is None:
        return shape, targets.shape[-1] if targets.ndim > 1 else 1
    return shape, pairs.outputs(some)


def _chosen_loss(
    config: Config, parts: Parts, found: UserModel | None, feeding: Source, example: Any, outputs: int | None
) -> tuple[str, Loss | None]:
    """Name and function of the loss; no function where the model has its own."""
    if found is not None and found.kind != "network":
        return f"loss of {found.title}", None
    if parts.loss is not None:
        return parts.loss_title, parts.loss
    if isinstance(feeding, Drawn) and feeding.data is not None:
        name = config.loss or loss_of(feeding.data)
    else:
        _, targets = models.pair(example, "the network")
        if not hasattr(targets, "dtype"):
            raise InputError(
                f"targets are {shape_of(targets)}; the built-in losses need one array, so give a loss of your own",
                key="loss",
            )
        name = config.loss or ("cross_entropy" if targets.dtype.kind in "iu" else "mse")
    assert isinstance(name, str), "a loss of the user's own is among the parts"
    loss: Loss = LOSSES[name].load()
    return name, loss if found is None else fitted(name, loss, outputs, f"apply of {found.title}")


def _network(
    config: Config,
    found: UserModel | None,
    example: Any,
    shape: tuple[int, ...] | None,
    outputs: int | None,
    parts: Parts,
) -> Network | None:
    """What maps inputs to outputs; None where the user's code does more than that."""
    if found is not None:
        if found.kind != "network":
            return None
        return models.OwnNetwork(found, example, outputs, any_tree=parts.loss is not None)
    if shape is None or outputs is None or not isinstance(example, tuple):
        raise InputError(
            f"{config.data.title} gives {shape_of(example)} for a batch; a built-in network needs (inputs, targets), "
            "one array each",
            key="data.target",
        )
    return network_of(config, shape, outputs)


def _try(task: Task, found: UserModel | None, example: Any) -> None:
    """Call everything of the user's once, without computing: what is wrong is said before anything is measured."""
    params, state = task.initial
    key = np.zeros(2, np.uint32)
    if task.model.step is not None:
        jax.eval_shape(task.model.step, params, example, np.float32(0), key)
    else:
        if found is not None:
            models.refuse_whole_numbers(params, found.title)
        _ = task.make_optimizer
        jax.eval_shape(lambda p, s, batch, k: task.model.loss(p, s, batch, k, True), params, state, example, key)
    jax.eval_shape(lambda p, s, batch: task.model.loss(p, s, batch, None, False), params, state, example)
    task.shapes()
