"""On a real terminal: a bar on stderr, colours, and neither where they are not wanted."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.cli.conftest import posix
from tests.support.processes import Starter, start_python

pytestmark = posix
COLOR = re.compile(r"\x1b\[[0-9;]*[1-9][0-9;]*m")
CLEAR, HIDE, SHOW = "\x1b[2K", "\x1b[?25l", "\x1b[?25h"


def on_terminal(starter: Starter | None, columns: int, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run on a pseudo-terminal, by a starter or all of Python; the exit code and what was shown."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    inherited = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "CI")}
    process = (starter.popen if starter else start_python)(
        "sweep",
        "c.yaml",
        *arguments,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**inherited, "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(ours)
    return process.wait(60), shown.decode("utf-8")


@pytest.fixture(autouse=True)
def second_run(folder: Path) -> None:
    """There is a run of another config, so that a line of narration comes among the bar."""
    Path("lrfind-runs/c").mkdir(parents=True)
    Path("lrfind-runs/c/journal.jsonl").write_text('{"fingerprint": "another"}\n', encoding="utf-8")


NARRATION = "lrfind: lrfind-runs/c holds the run of another config; this one goes to lrfind-runs/c-2"


def test_bar_and_colours() -> None:
    code, shown = on_terminal(None, 40)
    assert code == 0
    assert "c: starting JAX" in shown
    assert CLEAR in shown
    assert shown.count(HIDE) == shown.count(SHOW) == 1
    assert COLOR.search(shown)
    assert NARRATION in shown
    result = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown[shown.rindex(CLEAR) :])
    lines = [line for line in result.splitlines() if "lrfind-runs" not in line and "optax." not in line]
    assert max(map(len, lines)) <= 40


def test_the_bar_counts_the_trainings(starter: Starter) -> None:
    longer = ("--set", "train.steps=1000", "--set", "confirm.budget=3000")  # The bar is drawn ten times a second.
    code, shown = on_terminal(starter, 120, "--confirm", *longer, "--no-plot")
    assert code == 0
    assert "c: confirming" in shown
    assert re.search(r"\d+ rates, [\d,]+ steps each  [\d,]+ steps/s", shown)
    assert "lrfind: confirming by" not in shown, "the bar says it"


def test_no_colours(starter: Starter) -> None:
    code, shown = on_terminal(starter, 80, NO_COLOR="1")
    assert code == 0
    assert not COLOR.search(shown)
    assert CLEAR in shown, "the bar stays"


def test_dumb_terminal(starter: Starter) -> None:
    code, shown = on_terminal(starter, 80, TERM="dumb")
    assert code == 0
    assert "\x1b" not in shown
    assert shown.splitlines()[0] == NARRATION


def test_quiet(starter: Starter) -> None:
    code, shown = on_terminal(starter, 80, "--quiet", "--no-color")
    assert code == 0
    assert "\x1b" not in shown
    assert shown.startswith("training loss")
