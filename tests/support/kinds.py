"""Which tests need what: `unit` needs no JAX, `compiles` computes with JAX, `process` starts processes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

TESTS = Path(__file__).parents[1]

UNIT = (
    "analysis",
    "config",
    "report",
    "storage",
    "task/data",
    "test_layers.py",
    "test_names.py",
    "test_calibration.py",
    "test_ci.py",
)
"""Folders and files whose tests need no JAX, but for those below."""

COMPILES = (
    "analysis/test_plateau.py",
    "config/test_optimizer_catalog.py",
    "storage/test_old_journals.py",
    "storage/test_recover.py",
    "task/data/test_quadratic.py",
    "task/data/test_streaming.py",
)
"""Files in those folders that compute with JAX, or compare with what optax does."""

PROCESS = (
    "cli/test_interruption.py",
    "cli/test_kill.py",
    "cli/test_process.py",
    "cli/test_pty.py",
    "cli/test_same_bits.py",
    "cli/test_stdout.py",
    "cli/test_worker_processes.py",
    "engine/test_process_tuning.py",
    "report/test_background.py",
    "test_attacks.py",
    "test_kinds.py",
    "test_startup.py",
)
"""Files about processes: signals, streams, terminals, what is imported at the start."""

LONGEST = ("cli/test_kill.py", "cli/test_worker_processes.py", "cli/test_same_bits.py", "runs/test_configs.py")
"""Files that begin, so that no worker is left with one of them at the end."""

Kind = Literal["unit", "compiles", "process"]


def within(path: Path, names: tuple[str, ...]) -> bool:
    """Whether a file or folder of the tests is one of those or lies in one of them."""
    relative = path.relative_to(TESTS).as_posix()
    return any(relative == name or relative.startswith(f"{name}/") for name in names)


def kind_of(path: Path) -> Kind:
    """Return the marker of all tests of a file."""
    if within(path, PROCESS):
        return "process"
    return "unit" if within(path, UNIT) and not within(path, COMPILES) else "compiles"


def may_hold_units(path: Path) -> bool:
    """Whether there are `unit` tests in a file, or below a folder."""
    if path.is_dir():
        relative = path.relative_to(TESTS).as_posix()
        return relative == "." or within(path, UNIT) or any(name.startswith(f"{relative}/") for name in UNIT)
    return path.suffix != ".py" or not path.name.startswith("test_") or kind_of(path) == "unit"
