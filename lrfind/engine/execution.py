"""How lanes and steps are run. Chosen from the program and the platform, never from a clock: same choice, same bits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

from lrfind.types import Execution

CONVOLUTION = "conv_general_dilated"

QUICK_FLOPS, QUICK_STEPS = 1e10, 1000
"""Floating-point operations and steps of a whole run up to which quick compilation pays on a CPU. It saves some 0.4
seconds of the first run, and makes every step of this and of later runs, which find the program in the cache, 0.03 ms
(of small networks) to 1e-11 seconds an operation slower: a tenth of a second at these bounds."""


def choose(program: Any, platform: str, lane_steps: float = math.inf) -> Execution:
    """The execution that is fastest for a step's program on a platform.

    A convolution's gradient inside a compiled loop is an order of magnitude slower on a CPU than the same compiled
    step called from Python (jax#12868), so such programs are not scanned there.

    Args:
        program: a jaxpr that holds the step, once.
        platform: ``"cpu"``, ``"gpu"`` or ``"tpu"``.
        lane_steps: steps that all lanes will take in all.
    """
    lanes = choose_lanes(platform)
    if platform != "cpu":
        return Execution("scan", lanes)
    program = getattr(program, "jaxpr", program)
    slow_inside_a_loop = any(equation.primitive.name == CONVOLUTION for equation in equations(program))
    quick = lane_steps <= QUICK_STEPS and flops(program) * lane_steps <= QUICK_FLOPS
    return Execution("loop" if slow_inside_a_loop else "scan", lanes, "quick" if quick else "full")


def flops(jaxpr: Any) -> float:
    """Operations of a program's matrix products and convolutions; all others are few beside them.

    A loop of unknown length counts once, which is what is wanted of the loop over steps.
    """
    total = 0.0
    for equation in jaxpr.eqns:
        times = int(equation.params["length"]) if equation.primitive.name == "scan" else 1
        total += products(equation) + times * sum(map(flops, bodies(equation)))
    return total


def products(equation: Any) -> float:
    """Operations of one matrix product or convolution; none of anything else."""
    if equation.primitive.name not in ("dot_general", CONVOLUTION):
        return 0.0
    operands = (*equation.invars[:2], equation.outvars[0])
    left, right, out = (float(math.prod(operand.aval.shape)) for operand in operands)
    if equation.primitive.name == CONVOLUTION:
        # Every output sees the kernel once, but for the kernel's own outputs.
        numbers = equation.params["dimension_numbers"]
        own_outputs = int(equation.invars[1].aval.shape[numbers.rhs_spec[0]])
        return 2 * out * right / own_outputs
    _, (batch, _) = equation.params["dimension_numbers"]
    shared = math.prod(equation.invars[0].aval.shape[axis] for axis in batch)
    # (b m k) times (b k n) is (b m n): the product of all three is b^3 (m k n)^2.
    return 2 * math.sqrt(left * right * out / max(1, shared))


def choose_lanes(platform: str) -> Literal["each", "vmap"]:
    """How lanes run side by side.

    On a CPU every lane is its own call of one compiled program, in as many threads as there are cores: XLA runs outside
    of Python's lock, so lanes fill the cores, and a lane's bits do not depend on how many there are. Elsewhere
    one wide program keeps the device busy.
    """
    return "each" if platform == "cpu" else "vmap"


def equations(jaxpr: Any) -> Iterator[Any]:
    """All equations of a jaxpr and of the jaxprs inside of it."""
    for equation in jaxpr.eqns:
        yield equation
        for body in bodies(equation):
            yield from equations(body)


def bodies(equation: Any) -> Iterator[Any]:
    """The jaxprs that an equation runs: a loop's body, a branch, an inner function."""
    for value in equation.params.values():
        for inner in value if isinstance(value, (tuple, list)) else (value,):
            body = getattr(inner, "jaxpr", inner)
            if hasattr(body, "eqns"):
                yield body
