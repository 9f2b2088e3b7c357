"""What holds for all tests."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from lrfind.report.background import Background
from tests.support.kinds import LONGEST, TESTS, kind_of, may_hold_units, within

# Compiling is most of what tests take. A cached program is traced and computed as ever.
PROGRAMS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lrfind-tests" / f"jax-{version('jax')}"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(PROGRAMS / "tests"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("LRFIND_CACHE_DIR", str(PROGRAMS / "processes"))

# How long an example takes says more of the machine's other work than of the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# On a laptop properties are tried on new examples every time; a gate has to say the same thing twice.
settings.register_profile("gate", settings.get_profile("any machine"), derandomize=True)
settings.register_profile("nightly", settings.get_profile("any machine"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("gate" if os.environ.get("CI") else "any machine"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(kind_of(item.path))
    items.sort(key=lambda item: not within(item.path, LONGEST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each worker neighbouring tests, so that the fixtures of a module are mostly made once."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.option.dist == "load" else None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Other files are not even imported for `pytest -m unit`, for most import JAX."""
    inside = collection_path.is_relative_to(TESTS)
    return True if config.option.markexpr == "unit" and inside and not may_hold_units(collection_path) else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("unit") is None:
        keep_programs()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Among units alone no test may import JAX; beside others it is there already."""
    before = "jax" in sys.modules
    outcome = yield
    if item.get_closest_marker("unit") and not before and "jax" in sys.modules:
        outcome.force_exception(AssertionError("a unit has imported JAX"))  # type: ignore[attr-defined]


CI = bool(os.environ.get("CI"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With CI set, a test that is skipped for want of what `.ci/run` installs has failed."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2])
        missing = [name for name in installed_by_ci() if re.search(rf"\b{re.escape(name)}\b", reason, re.IGNORECASE)]
        if missing:
            report.outcome = "failed"
            report.longrepr = f"{reason}: .ci/run installs {missing[0]}"


@cache
def installed_by_ci() -> frozenset[str]:
    """Packages of the extras that `.ci/run` installs."""
    root = Path(__file__).parents[1]
    extras = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    wanted = re.search(r"-e '\.\[([\w,]+)\]'", (root / ".ci" / "run").read_text(encoding="utf-8"))
    assert wanted is not None
    names, packages = wanted[1].split(","), set()
    while names:
        for requirement in extras[names.pop()]:
            name = re.split(r"[><=\[ ]", requirement)[0]
            if name == "lrfind":
                names += re.findall(r"\[(\w+)\]", requirement)
            else:
                packages.add(name)
    return frozenset(packages)


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


@pytest.fixture
def rendered_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports are rendered in this process; the process that does it for a command is tested with the reports."""
    monkeypatch.setattr(Background, "start", lambda background: None)
