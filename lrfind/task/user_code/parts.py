"""The parts of a task that a config takes from a user's code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax

from lrfind.config.schema import Config
from lrfind.config.sections.base import OWN, OwnLoss, OwnModel, short
from lrfind.config.sections.data import OwnData
from lrfind.core.errors import InputError
from lrfind.engine import jax_settings
from lrfind.task.models.contract import Loss
from lrfind.task.optim.optimizers import MakeOptimizer
from lrfind.task.user_code.data import UserData, is_data
from lrfind.task.user_code.data import recognise as recognise_data
from lrfind.task.user_code.loader import ImportPolicy
from lrfind.task.user_code.models import scalar
from lrfind.task.user_code.recognize import UserModel, is_network, recognise
from lrfind.task.user_code.signature import called, check_keywords, wants
from lrfind.task.user_code.tracebacks import kind_of, user_call

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Parts:
    """Parts of a task that are the user's; None for built-in ones.

    Attributes:
        data: arrays or batches to train on.
        held_out: arrays or batches held out.
        model: function from the shape of a row of inputs and the number of outputs, None where unknown, to the model.
        loss: function ``(outputs, targets) -> scalar``.
        optimizer: function ``rate -> optax.GradientTransformation``.
    """

    data: UserData | None = None
    held_out: UserData | None = None
    model: Callable[[Shape | None, int | None], UserModel] | None = None
    loss: Loss | None = None
    optimizer: MakeOptimizer | None = None


def load_parts(config: Config, policy: ImportPolicy) -> Parts:
    """Load every reference of a config, then interpret the objects.

    Args:
        config: resolved config.
        policy: folders and packages that code may be loaded from.

    Raises:
        InputError: a reference is wrong, or its object is of no supported kind.
        OwnCodeError: the user's code raised.
    """
    rows, model, loss, optimizer = config.data, config.model, config.loss, config.optimizer
    references: dict[str, tuple[str, Callable[[Any], bool]]] = {}
    if isinstance(rows, OwnData):
        references["data.target"] = (rows.target, is_data)
        if rows.validation is not None:
            references["data.validation"] = (rows.validation, is_data)
    if isinstance(model, OwnModel):
        references["model.target"] = (model.target, is_network)
    if isinstance(loss, OwnLoss):
        references["loss.target"] = (loss.target, lambda value: False)
    if optimizer.name == OWN and optimizer.target is not None:
        references["optimizer.target"] = (optimizer.target, lambda value: False)
    objects = {key: policy.load(target, key, is_value) for key, (target, is_value) in references.items()}
    parts: dict[str, Any] = {}
    if isinstance(rows, OwnData):
        parts["data"] = recognise_data(objects["data.target"], rows.kwargs, rows.title)
        if rows.validation is not None:
            title = short(rows.validation)
            parts["held_out"] = recognise_data(objects["data.validation"], {}, title, "data.validation")
    if isinstance(model, OwnModel):
        parts["model"] = partial(build_model, model, objects["model.target"])
    if isinstance(loss, OwnLoss):
        parts["loss"] = own_loss(objects["loss.target"], loss)
    if optimizer.name == OWN and optimizer.target is not None:
        title = short(optimizer.target)
        function = called(objects["optimizer.target"], title, "optimizer.target")
        check_keywords(function, optimizer.kwargs, title, "optimizer", leading=1)
        parts["optimizer"] = own_optimizer(function, optimizer.kwargs, title)
    return Parts(**parts)


def build_model(section: OwnModel, target: Any, shape: Shape | None, outputs: int | None) -> UserModel:
    """Return the model that a reference leads to, or that its function makes.

    Args:
        section: model section of the config.
        target: object behind the reference.
        shape: shape of a row of inputs; None if unknown.
        outputs: number of outputs; None if unknown.

    Raises:
        InputError: the object is of no supported kind, or its keywords are wrong.
        OwnCodeError: the user's code raised.
    """
    if not callable(target) or is_network(target):
        if section.kwargs:
            raise InputError(f"{section.title} is {kind_of(target)} and takes no keywords", key="model.kwargs")
        return recognise(target, section.title)
    kwargs = dict(section.kwargs)
    for role, value in {"input_shape": shape, "outputs": outputs}.items():
        name = wants(target, role)
        if name is not None and value is not None:
            kwargs.setdefault(name, value)
    check_keywords(target, kwargs, section.title, "model")
    with user_call(section.title, kwargs):
        built = target(**kwargs)
    jax_settings.set_aside()
    return recognise(built, section.title)


def own_loss(value: Any, section: OwnLoss) -> Loss:
    """Return a user's loss with its return value checked.

    Raises:
        InputError: the value is no function, or its keywords are wrong.
    """
    function = called(value, section.title, "loss.target")
    check_keywords(function, section.kwargs, section.title, "loss", leading=2)

    def loss(outputs: Any, targets: Any) -> jax.Array:
        with user_call(section.title, {"outputs": outputs, "targets": targets}):
            value = function(outputs, targets, **section.kwargs)
        return scalar(value, section.title, "loss.target")

    return loss


def own_optimizer(function: Callable[..., Any], kwargs: Mapping[str, Any], title: str) -> MakeOptimizer:
    """Return a user's optimiser by its rate, with its return value checked."""

    def make(rate: Any) -> Any:
        with user_call(title, {"the rate": rate}):
            made = function(rate, **kwargs)
        if not (callable(getattr(made, "init", None)) and callable(getattr(made, "update", None))):
            raise InputError(
                f"{title} returned {kind_of(made)}; an optax.GradientTransformation is expected", key="optimizer.target"
            )
        if hasattr(made, "_replace"):  # A named tuple, as optax has them.
            parts = {part: user_call(f"{part} of {title}")(getattr(made, part)) for part in ("init", "update")}
            return made._replace(**parts)
        return made

    return make
