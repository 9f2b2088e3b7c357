"""Choose how lanes and steps are run, reproducibly by program and platform alone; compile programs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import jax

from lrfind.core.result import Execution

CONVOLUTION = "conv_general_dilated"
"""Name of the convolution primitive in a jaxpr."""

QUICK_FLOPS, QUICK_STEPS = 1e10, 1000
"""Largest floating-point operations and steps of a run that is compiled quickly on a CPU.

Quick compilation saves 0.4 seconds once and makes every step slower; see docs/calibration.md#quick-compilation.
"""


def choose(program: Any, platform: str, lane_steps: float = math.inf) -> Execution:
    """Return the fastest execution of a step's program on a platform.

    On a CPU the gradient of a convolution is ten times slower inside of a compiled loop than in a compiled step called
    from Python (jax#12868), so such programs are not scanned.

    Args:
        program: jaxpr that contains the step once.
        platform: ``"cpu"``, ``"gpu"`` or ``"tpu"``.
        lane_steps: total number of steps of all lanes.
    """
    lanes = choose_lanes(platform)
    if platform != "cpu":
        return Execution("scan", lanes)
    program = getattr(program, "jaxpr", program)
    slow_inside_a_loop = any(equation.primitive.name == CONVOLUTION for equation in equations(program))
    quick = lane_steps <= QUICK_STEPS and flops(program) * lane_steps <= QUICK_FLOPS
    return Execution("loop" if slow_inside_a_loop else "scan", lanes, "quick" if quick else "full")


def flops(jaxpr: Any) -> float:
    """Return the operations of a jaxpr's matrix products and convolutions; all others are few.

    A loop of unknown length counts once, as the loop over steps should.
    """
    total = 0.0
    for equation in jaxpr.eqns:
        times = int(equation.params["length"]) if equation.primitive.name == "scan" else 1
        total += products(equation) + times * sum(map(flops, bodies(equation)))
    return total


def products(equation: Any) -> float:
    """Return the operations of one matrix product or convolution; 0 for any other equation."""
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
    """Return how lanes are run side by side.

    On a CPU every lane is a call of one compiled program in its own thread: XLA releases the GIL, so lanes fill the
    cores, and a lane's bits do not depend on the number of lanes. On accelerators one vmapped program keeps the device
    busy.

    Args:
        platform: ``"cpu"``, ``"gpu"`` or ``"tpu"``.
    """
    return "each" if platform == "cpu" else "vmap"


def equations(jaxpr: Any) -> Iterator[Any]:
    """Yield all equations of a jaxpr, nested ones included."""
    for equation in jaxpr.eqns:
        yield equation
        for body in bodies(equation):
            yield from equations(body)


def bodies(equation: Any) -> Iterator[Any]:
    """Yield the jaxprs inside of an equation: loop bodies, branches, inner functions."""
    for value in equation.params.values():
        for inner in value if isinstance(value, (tuple, list)) else (value,):
            body = getattr(inner, "jaxpr", inner)
            if hasattr(body, "eqns"):
                yield body


QUICK_OPTIONS: dict[str, bool | int] = {"xla_backend_optimization_level": 1}
"""Options of XLA's CPU compiler. On the digits network they compile in six tenths of the time, and a step takes 1.4
times as long. (Level 0 compiles in a quarter, but its steps take more than four times as long, which every later run
with a warm cache pays for.)"""

if jax.__version_info__ < (0, 11, 1):  # Later ones know it no more.
    QUICK_OPTIONS["xla_cpu_use_fusion_emitters"] = False


def compile_program(lowered: Any, effort: Literal["quick", "full"]) -> Any:
    """Compile a lowered program.

    Args:
        lowered: lowered program, as `jax.jit(...).lower(...)` returns it.
        effort: ``"quick"`` for a program that will hardly run.
    """
    if effort == "quick":
        try:
            return lowered.compile(compiler_options=QUICK_OPTIONS)
        except jax.errors.JaxRuntimeError as error:
            if "No such compile option" not in str(error):
                raise
    return lowered.compile()
