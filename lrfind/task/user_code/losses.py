"""A user's losses, and built-in losses for a user's networks, with checked shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax

from lrfind.core.errors import InputError
from lrfind.task.data.targets import LABEL_LOSSES
from lrfind.task.models.contract import Loss
from lrfind.task.user_code.models import scalar
from lrfind.task.user_code.tracebacks import user_call


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
