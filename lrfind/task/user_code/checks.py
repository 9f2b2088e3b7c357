"""Check a config's keys against the user's model and data."""

from __future__ import annotations

from typing import Any

from lrfind.core.errors import InputError
from lrfind.task.user_code.recognize import UserModel

NO_OPTIMIZER = "none"
"""The name that the config gives an optimiser that is left out."""

KIND_TITLES = {"network": "init and apply", "loss": "a loss function with its parameters", "step": "a whole train step"}
"""Phrase for each kind of user model."""


def check_sections(config: Any, user_model: UserModel | None, *, optimizer: bool, batches: bool) -> None:
    """Refuse keys that a user's model and data have no use for, and missing ones that they need.

    Args:
        config: resolved config.
        user_model: the user's model; None for a built-in network.
        optimizer: whether the optimiser is the user's.
        batches: whether the data are the user's batches.

    Raises:
        InputError: keys that do not go together.
    """
    section = config.optimizer
    gives = "" if user_model is None else f"{user_model.title} gives {KIND_TITLES[user_model.kind]}"
    if user_model is not None and user_model.kind != "network":
        if config.loss is not None:
            raise InputError(f"{gives}, which has its own loss; remove this", key="loss")
        if config.precision != "float32":
            raise InputError(f"{gives}, which computes as it says itself", key="precision")
    if user_model is not None and user_model.kind == "step":
        if section.name != NO_OPTIMIZER:
            raise InputError(
                f"{gives}, which has its own optimizer; remove this (learning_rate may stay)", key="optimizer.name"
            )
        for key in ("clip_norm", "accumulate"):
            if key in section.model_fields_set:
                raise InputError(f"{gives}; do this inside of it", key=f"optimizer.{key}")
    elif section.name == NO_OPTIMIZER and not optimizer:
        reason = gives and f", for {gives}"
        raise InputError(f"missing{reason}: a section such as {{name: adamw}}", key="optimizer")
    if batches:
        for key in ("batch_size", "validation_fraction", "standardize"):
            if key in config.data.model_fields_set and getattr(config.data, key):
                mend = {"batch_size": "remove this", "validation_fraction": "give data.validation instead"}
                raise InputError(
                    f"{config.data.title} makes batches, which are taken as they are; {mend.get(key, 'remove this')}",
                    key=f"data.{key}",
                )
