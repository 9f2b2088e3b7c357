"""Streams that are closed, full, a pipe or ASCII, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG, Ran, posix
from tests.support.processes import MODULE, Starter

SWEEP = "sweep c.yaml --no-plot"
Shell = Callable[..., Ran]


@pytest.fixture
def shell(folder: Path, starter: Starter) -> Shell:
    """A command line of a POSIX shell; $SWEEP is the sweep. With ``anew`` all of Python is started."""

    def call(line: str, *, anew: bool = False, **environment: str) -> Ran:
        lrfind = " ".join(MODULE if anew else starter.words())
        own = {**os.environ, "SWEEP": f"{lrfind} {SWEEP}", "LRFIND": lrfind, **environment}
        ran = subprocess.run(["sh", "-c", line], capture_output=True, env=own, timeout=60, check=False)
        return Ran(ran.returncode, ran.stdout.decode("utf-8"), ran.stderr.decode("utf-8"))

    return call


@posix
def test_a_reader_who_leaves(shell: Shell) -> None:
    ran = shell("($LRFIND sweep c.yaml; echo $? >code) | head -1")
    assert ran.out.startswith("training loss")
    assert ran.err == ""
    assert Path("code").read_text(encoding="ascii") == "0\n"


@posix
def test_closed_streams(shell: Shell) -> None:
    ran = shell("$SWEEP 2>&- >&- <&-", anew=True)
    assert ran == Ran(0, "", "")
    assert Path("lrfind-runs/c/result.json").exists()
    ran = shell("$LRFIND sweep gone.yaml 2>&-", anew=True)
    assert ran == Ran(2, "", ""), "an error has no place on stdout"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("command", ["$SWEEP", "$LRFIND list", "$LRFIND --version", "$LRFIND --help"])
def test_full_stdout(shell: Shell, command: str) -> None:
    ran = shell(f"{command} >/dev/full", anew="--" in command)
    assert ran.code == 3
    assert ran.err == "lrfind: error: standard output cannot be written: No space left on device\n"


@posix
def test_a_fifo_as_output_stays_one(shell: Shell) -> None:
    ran = shell("mkfifo f && { cat f & $SWEEP --output f; }; wait; test -p f")
    assert ran.code == 0
    assert "steepest" in ran.out


@posix
@pytest.mark.parametrize("command", ["sweep", "check", "compare"])
@pytest.mark.parametrize("configs", ["p ./p", "p c.yaml q", "- /dev/stdin"])
def test_a_pipe_named_twice(shell: Shell, command: str, configs: str) -> None:
    ran = shell(f"mkfifo p; ln -s p q; cat c.yaml | $LRFIND {command} {configs}")
    again = configs.split()[-1].removeprefix("./")
    assert ran.code == 2
    assert f"error: {again} is a pipe or a device, which holds one config; it was given twice\n" in ran.err.replace(
        "./", ""
    )
    assert not Path("lrfind-runs").exists()


@posix
@pytest.mark.parametrize("arguments", ["sweep p --output o", "compare p --optimizers adam,sgd"])
def test_a_config_from_a_pipe_is_read_once(shell: Shell, arguments: str) -> None:
    ran = shell(f"mkfifo p && {{ cat c.yaml >p & $LRFIND {arguments} --dry-run; }}")
    assert (ran.code, ran.err) == (0, "")


def test_ascii(shell: Shell) -> None:
    ran = shell("$LRFIND sweep c.yaml", anew=True, PYTHONIOENCODING="ascii")
    assert ran.code == 0
    assert ran.out.isascii()
    assert "?" not in ran.out, "every character has a stand-in of its own"
    assert "steepest *" in ran.out


def test_no_place_for_the_cache(shell: Shell) -> None:
    ran = shell("$SWEEP", LRFIND_CACHE_DIR=str(Path("c.yaml").resolve()))
    assert (ran.code, ran.err) == (0, "")


def test_a_platform_that_is_not_there(shell: Shell) -> None:
    ran = shell("$SWEEP", anew=True, JAX_PLATFORMS="cuda")
    assert ran.code == 2
    assert ran.err == ("lrfind: error: JAX cannot start with JAX_PLATFORMS=cuda; unset it, or use --device cpu\n")


def test_files_of_the_user_do_not_stand_in_for_modules(folder: Path, shell: Shell) -> None:
    """The installed command does not look into the working directory; neither does the process that draws."""
    for name in ("types", "registry", "matplotlib", "store"):
        Path(f"{name}.py").write_text("raise SystemExit('not me')\n", encoding="utf-8")
    command = "import sys; sys.path.remove(''); from lrfind.__main__ import main; main()"
    Path("c.yaml").write_text(CONFIG, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", command, "sweep", "c.yaml"], capture_output=True, timeout=60, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
