"""Compile programs, quickly for a short run on a CPU, whose compilation takes longer than its steps."""

from __future__ import annotations

from typing import Any, Literal

import jax

QUICK_OPTIONS: dict[str, bool | int] = {"xla_backend_optimization_level": 1}
"""Options of XLA's CPU compiler. On the digits network they compile in six tenths of the time, and a step takes 1.4
times as long. (Level 0 compiles in a quarter, but its steps take more than four times as long, which every later run
with a warm cache pays for.)"""

if jax.__version_info__ < (0, 11, 1):  # Later ones know it no more.
    QUICK_OPTIONS["xla_cpu_use_fusion_emitters"] = False


def compile(lowered: Any, effort: Literal["quick", "full"]) -> Any:
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
