"""How lanes and steps are run. Chosen from the program and the platform, never from a clock: same choice, same bits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from lrfind.types import Execution


def choose(program: Any, platform: str) -> Execution:
    """The execution that is fastest for a step's program on a platform.

    A convolution's gradient inside a compiled loop is an order of magnitude slower on a CPU than the same compiled
    step called from Python (jax#12868), so such programs are not scanned there.

    Args:
        program: a jaxpr that holds the step.
        platform: ``"cpu"``, ``"gpu"`` or ``"tpu"``.
    """
    slow_inside_a_loop = platform == "cpu" and "conv_general_dilated" in primitives(program)
    return Execution(steps="loop" if slow_inside_a_loop else "scan", lanes=choose_lanes(platform))


def choose_lanes(platform: str) -> Literal["each", "vmap"]:
    """How lanes run side by side.

    On a CPU every lane is its own call of one compiled program, in as many threads as there are cores: XLA runs outside
    of Python's lock, so lanes fill the cores, and a lane's bits do not depend on how many there are. Elsewhere
    one wide program keeps the device busy.
    """
    return "each" if platform == "cpu" else "vmap"


def primitives(program: Any) -> set[str]:
    """The names of all operations in a jaxpr, those of inner functions included."""
    return {equation.primitive.name for equation in equations(getattr(program, "jaxpr", program))}


def equations(jaxpr: Any) -> Iterator[Any]:
    """All equations of a jaxpr and of the jaxprs inside of it."""
    for equation in jaxpr.eqns:
        yield equation
        for value in equation.params.values():
            for inner in value if isinstance(value, (tuple, list)) else (value,):
                body = getattr(inner, "jaxpr", inner)
                if hasattr(body, "eqns"):
                    yield from equations(body)
