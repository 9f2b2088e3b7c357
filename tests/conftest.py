"""What holds for all tests."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Compiling is most of what tests take. A cached program is traced and computed as ever.
PROGRAMS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lrfind-tests" / f"jax-{version('jax')}"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(PROGRAMS / "tests"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("LRFIND_CACHE_DIR", str(PROGRAMS / "processes"))

# How long an example takes says more of the machine's other work than of the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# On a laptop properties are tried on new examples every time; a gate has to say the same thing twice.
settings.register_profile("gate", settings.get_profile("any machine"), derandomize=True)
settings.load_profile("gate" if os.environ.get("CI") else "any machine")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("unit") is None:
        keep_programs()


@cache
def keep_programs() -> None:
    """Have this process keep all its programs in one folder, without a limit, and compile each in one piece.

    JAX settles both at the first program. A command that comes first would have it count all files of its own folder
    before it writes another, which for the thousands of a session takes longer than to compile them. XLA would divide
    every program among threads, which for small ones takes 15 % more of the processor.
    """
    import jax

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XLA_FLAGS", f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_parallel_codegen_split_count=1".strip())
        jax.jit(lambda x: x + 1)(0)
