"""Model and loss of a task of which one part at least is the user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax

from lrfind.config.schema import Config
from lrfind.core.errors import InputError
from lrfind.core.registry import LOSSES
from lrfind.task.batch_source import Drawn, Source
from lrfind.task.builtin import loss_of, network_of
from lrfind.task.data.targets import LABEL_LOSSES
from lrfind.task.models.contract import Loss, Network, supervised
from lrfind.task.objective import Objective
from lrfind.task.user_code import models
from lrfind.task.user_code.models import scalar
from lrfind.task.user_code.parts import Parts, Shape
from lrfind.task.user_code.recognize import KIND_TITLES, UserModel
from lrfind.task.user_code.tracebacks import shape_of, user_call


def own_loss(function: Callable[..., Any], kwargs: Mapping[str, Any], title: str) -> Loss:
    """Return a user's loss with its return value checked."""

    def loss(outputs: Any, targets: Any) -> jax.Array:
        with user_call(title, {"outputs": outputs, "targets": targets}):
            value = function(outputs, targets, **kwargs)
        return scalar(value, title, "loss.target")

    return loss


def fitted(name: str, loss: Loss, classes: int | None, what: str) -> Loss:
    """Return a built-in loss that checks the outputs of a user's network, and drops axes of length one."""

    def checked(outputs: Any, targets: Any) -> jax.Array:
        given, wanted = tuple(outputs.shape), tuple(targets.shape)
        if name in LABEL_LOSSES:
            last = classes or "classes"
            fits = given[:-1] == wanted and (classes is None or given[-1] >= classes)
            expected = f"{targets.dtype}{list(wanted)} with {last} classes" if classes else f"labels {list(wanted)}"
            shape = f"[{', '.join(map(str, (*wanted, last)))}]"
        else:
            squeezed = [tuple(size for size in sizes if size != 1) for sizes in (given, wanted)]
            fits = squeezed[0] == squeezed[1]
            expected, shape = f"{targets.dtype}{list(wanted)}", str(list(wanted))
            outputs = outputs.reshape(wanted) if fits else outputs
        if not fits:
            raise InputError(
                f"{what} returned {outputs.dtype}{list(given)}; targets are {expected}, so {name} needs {shape}",
                key="model.target",
            )
        return loss(outputs, targets)

    return checked


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
