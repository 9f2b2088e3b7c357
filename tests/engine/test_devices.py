"""Where compiled programs are kept, and what a result says about the machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jax
import pytest

import lrfind
from lrfind.core.errors import InputError
from lrfind.engine import devices

PLACES = {
    "linux": "HOME/.cache/lrfind",
    "darwin": "HOME/Library/Caches/lrfind",
    "win32": "HOME/AppData/Local/lrfind",
}


@pytest.mark.parametrize("system", PLACES)
def test_the_cache_is_where_the_system_keeps_caches(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LRFIND_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(Path, "home", lambda: Path("HOME"))
    assert devices.cache_folder().as_posix() == PLACES[system]


def test_the_cache_can_be_put_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("LRFIND_CACHE_DIR", raising=False)
    if sys.platform == "linux":
        assert devices.cache_folder() == tmp_path / "xdg" / "lrfind"
    monkeypatch.setenv("LRFIND_CACHE_DIR", str(tmp_path / "own"))
    assert devices.cache_folder() == tmp_path / "own"


def test_the_machine_has_a_short_name() -> None:
    assert devices.machine() == devices.machine()
    assert len(devices.machine().rpartition("-")[2]) == 8


COUNT = """
import os
from lrfind.engine import devices

devices.configure("cpu", cache=False)
before = devices.cores()
if {anew}:
    devices.cores.cache_clear()
os.environ["NPROC"] = str(before + 1)  # as the user's code may
print(devices.settings()["usable_cores"] - before)
"""


@pytest.mark.parametrize(("anew", "change"), [(False, 0), (True, 1)])
def test_processors_are_counted_once(anew: bool, change: int) -> None:
    command = [sys.executable, "-c", COUNT.format(anew=anew)]
    assert int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) == change


def test_a_device_that_is_not_there() -> None:
    if jax.default_backend() != "cpu":
        pytest.skip("there is an accelerator here")
    with pytest.raises(InputError, match="JAX finds no tpu here; install jax's extra for it, or use --device cpu"):
        devices.configure("tpu", cache=False)
    assert devices.configure(None, cache=False) == "cpu"


def test_the_environment_names_versions_and_device() -> None:
    found = devices.environment()
    assert (found["lrfind"], found["jax"]) == (lrfind.__version__, jax.__version__)
    assert list(found)[-3:] == ["platform", "device", "device_count"]
