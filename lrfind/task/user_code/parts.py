"""The parts of a task that a config takes from a user's code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lrfind.config.schema import Config
from lrfind.config.sections.data import OwnData
from lrfind.config.sections.target import OWN, OwnLoss, OwnModel, short
from lrfind.core.errors import InputError
from lrfind.engine import jax_settings
from lrfind.task.models.contract import Loss
from lrfind.task.optim.optimizers import MakeOptimizer, OptimizerLine
from lrfind.task.user_code.data import BatchFactory, UserArrays, is_data, recognise
from lrfind.task.user_code.loader import Loader
from lrfind.task.user_code.losses import own_loss
from lrfind.task.user_code.optimizers import own_line, own_optimizer
from lrfind.task.user_code.recognize import UserModel, is_network
from lrfind.task.user_code.recognize import recognise as recognise_model
from lrfind.task.user_code.signature import called, check_keywords, wants
from lrfind.task.user_code.tracebacks import kind_of, user_call

Shape = tuple[int, ...]

ModelFactory = Callable[[Shape | None, int | None], UserModel]
"""Function from the shape of a row of inputs and the number of outputs, None where unknown, to the user's model."""


@dataclass(frozen=True)
class Parts:
    """Parts of a task that are the user's; None for built-in ones.

    Attributes:
        data: arrays or batches to train on.
        held_out: arrays or batches held out.
        model: factory of the model.
        loss: function ``(outputs, targets) -> scalar``.
        loss_title: name of the loss in reports.
        optimizer: function ``rate -> optax.GradientTransformation``.
        optimizer_line: source of the optimiser.
    """

    data: UserArrays | BatchFactory | None = None
    held_out: UserArrays | BatchFactory | None = None
    model: ModelFactory | None = None
    loss: Loss | None = None
    loss_title: str = ""
    optimizer: MakeOptimizer | None = None
    optimizer_line: OptimizerLine | None = None


def load_parts(config: Config, loader: Loader) -> Parts:
    """Load every reference of a config, then interpret the objects.

    Args:
        config: resolved config.
        loader: loader of references.

    Raises:
        InputError: a reference is wrong, or its object is of no supported kind.
        OwnCodeError: the user's code raised.
    """
    objects = load_references(config, loader)
    return Parts(
        **_data(config, objects),
        model=_model(config.model, objects["model.target"]) if isinstance(config.model, OwnModel) else None,
        **_loss(config.loss, objects),
        **_optimizer(config.optimizer, objects),
    )


def load_references(config: Config, loader: Loader) -> dict[str, Any]:
    """Return the object of every reference in a config, by config key."""
    targets: dict[str, tuple[str | None, Callable[[Any], bool]]] = {}
    if isinstance(config.data, OwnData):
        targets["data.target"] = (config.data.target, is_data)
        targets["data.validation"] = (config.data.validation, is_data)
    if isinstance(config.model, OwnModel):
        targets["model.target"] = (config.model.target, is_network)
    if isinstance(config.loss, OwnLoss):
        targets["loss.target"] = (config.loss.target, lambda value: False)
    if config.optimizer.name == OWN:
        targets["optimizer.target"] = (config.optimizer.target, lambda value: False)
    return {
        key: loader.load(target, key, is_value) for key, (target, is_value) in targets.items() if target is not None
    }


def _data(config: Config, objects: Mapping[str, Any]) -> dict[str, Any]:
    section = config.data
    if not isinstance(section, OwnData):
        return {}
    data, held_out = recognise(objects["data.target"], section.kwargs, section.title), None
    if section.validation is not None:
        held_out = recognise(objects["data.validation"], {}, short(section.validation), "data.validation")
    return {"data": data, "held_out": held_out}


def _model(section: OwnModel, target: Any) -> ModelFactory:
    def build(shape: Shape | None, outputs: int | None) -> UserModel:
        if not callable(target) or is_network(target):
            if section.kwargs:
                raise InputError(f"{section.title} is {kind_of(target)} and takes no keywords", key="model.kwargs")
            return recognise_model(target, section.title, "model.target")
        kwargs = dict(section.kwargs)
        for role, value in {"input_shape": shape, "outputs": outputs}.items():
            name = wants(target, role)
            if name is not None and name not in kwargs and value is not None:
                kwargs[name] = value
        check_keywords(target, kwargs, section.title, "model")
        with user_call(section.title, kwargs):
            built = target(**kwargs)
        jax_settings.set_aside()
        return recognise_model(built, section.title, "model.target")

    return build


def _loss(section: Any, objects: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(section, OwnLoss):
        return {}
    function = called(objects["loss.target"], section.title, "loss.target")
    check_keywords(function, section.kwargs, section.title, "loss", leading=2)
    return {"loss": own_loss(function, section.kwargs, section.title), "loss_title": section.title}


def _optimizer(section: Any, objects: Mapping[str, Any]) -> dict[str, Any]:
    if section.name != OWN:
        return {}
    title = short(section.target)
    function = called(objects["optimizer.target"], title, "optimizer.target")
    check_keywords(function, section.kwargs, title, "optimizer", leading=1)
    file, _, name = title.rpartition(":")
    return {
        "optimizer": own_optimizer(function, section.kwargs, title),
        "optimizer_line": own_line(section, name, section.kwargs, file),
    }
