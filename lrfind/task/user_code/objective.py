"""Model and loss of a task of which one part at least is the user's."""

from __future__ import annotations

from functools import partial
from typing import Any

from lrfind.config.schema import Config
from lrfind.core.errors import InputError
from lrfind.core.registry import LOSSES
from lrfind.task.batch_source import Drawn, Source
from lrfind.task.builtin import loss_of, network_of
from lrfind.task.models.contract import Network, supervised
from lrfind.task.objective import Objective
from lrfind.task.user_code import models
from lrfind.task.user_code.losses import fitted
from lrfind.task.user_code.parts import Parts, Shape
from lrfind.task.user_code.recognize import KIND_TITLES, UserModel
from lrfind.task.user_code.tracebacks import shape_of


def build_objective(
    config: Config, parts: Parts, user_model: UserModel | None, source: Source, shape: Shape | None, outputs: int | None
) -> Objective:
    """Return model and loss.

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
        model = models.model(user_model, example)
        return Objective(config, lambda precision: model, description(user_model), f"loss of {user_model.title}")
    name, function = parts.loss_title, parts.loss
    if function is None:
        default = _default_loss(source, example)
        name = config.loss if isinstance(config.loss, str) else default
        function = LOSSES[name].load()
        if user_model is not None:
            function = fitted(name, function, outputs, f"apply of {user_model.title}")
    network: Network
    if user_model is not None:
        network = models.OwnNetwork(user_model, example, outputs, any_tree=parts.loss is not None)
    else:
        network = _built_in_network(config, example, shape, outputs)
    described = network.describe() if user_model is None else description(user_model)
    return Objective(config, partial(supervised, network, function), described, name, network)


def description(user_model: UserModel) -> str:
    """Return the phrase about a user's model for reports."""
    return f"{user_model.title}, {KIND_TITLES[user_model.kind]}"


def _default_loss(source: Source, example: Any) -> str:
    """Return the name of the built-in loss for the targets of a batch."""
    if isinstance(source, Drawn) and source.data is not None:
        return loss_of(source.data)
    _, targets = models.pair(example, "the network")
    if not hasattr(targets, "dtype"):
        raise InputError(
            f"targets are {shape_of(targets)}; the built-in losses need one array, so give a loss of your own",
            key="loss",
        )
    return "cross_entropy" if targets.dtype.kind in "iu" else "mse"


def _built_in_network(config: Config, example: Any, shape: Shape | None, outputs: int | None) -> Network:
    if shape is None or outputs is None or not isinstance(example, tuple):
        raise InputError(
            f"{config.data.title} gives {shape_of(example)} for a batch; a built-in network needs (inputs, targets), "
            "one array each",
            key="data.target",
        )
    return network_of(config, shape, outputs)
