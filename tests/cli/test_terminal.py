"""What a stream can show."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lrfind.cli.terminal import say, screen, write_stdout
from lrfind.core.errors import RunError


class Stream(io.TextIOWrapper):
    """A stream that may call itself a terminal."""

    def __init__(self, encoding: str = "utf-8", *, terminal: bool = True) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_terminal() -> None:
    seen = screen(Stream())
    assert (seen.width, seen.color, seen.unicode, seen.live) == (80, True, True, True)


def test_pipe() -> None:
    seen = screen(Stream(terminal=False))
    assert (seen.color, seen.live) == (False, False)


def test_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not screen(Stream(), color=False).color
    monkeypatch.setenv("NO_COLOR", "")
    assert screen(Stream()).color, "the convention: an empty value does not count"
    monkeypatch.setenv("NO_COLOR", "0")
    assert not screen(Stream()).color


def test_dumb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not screen(Stream()).live


@pytest.mark.parametrize(("columns", "width"), [("1", 40), ("100", 100), ("9999", 120), ("x", 80), ("0", 80)])
def test_width(monkeypatch: pytest.MonkeyPatch, columns: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert screen(Stream()).width == width


@pytest.mark.parametrize(
    ("encoding", "unicode"), [("utf-8", True), ("utf-16", True), ("ascii", False), ("latin-1", False)]
)
def test_unicode(encoding: str, unicode: bool) -> None:
    assert screen(Stream(encoding)).unicode == unicode


def test_put_replaces_what_the_encoding_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream("ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    write_stdout("a · b")
    assert stream.buffer.getvalue() == b"a ? b"  # type: ignore[attr-defined]


class Broken(io.StringIO):
    """A stream that cannot be written.

    Args:
        error: what writing raises.
        path: the file that its descriptor belongs to.
    """

    encoding = "utf-8"  # type: ignore[assignment]

    def __init__(self, error: OSError, path: Path) -> None:
        super().__init__()
        self.error = error
        self.path = path
        self.descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)

    def write(self, text: str) -> int:
        raise self.error

    def fileno(self) -> int:
        return self.descriptor

    def leads_nowhere(self) -> bool:
        """Whether what is written to the descriptor is lost, as Python's last flush would be."""
        os.write(self.descriptor, b"more")
        os.close(self.descriptor)
        return self.path.read_bytes() == b""


def test_put_to_a_reader_who_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stream = Broken(BrokenPipeError(), tmp_path / "out")
    monkeypatch.setattr(sys, "stdout", stream)
    write_stdout("text")
    assert stream.leads_nowhere()


def test_put_to_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stream = Broken(OSError(28, "No space left on device"), tmp_path / "out")
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(RunError, match="standard output cannot be written: No space left on device"):
        write_stdout("text")
    assert stream.leads_nowhere()


def test_say_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\n::error::b \u200fc\ufeff")
    assert capsys.readouterr().err == "a\\n::error::b \\u200fc\\ufeff\n"


def test_say_to_nobody(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    stream = Broken(OSError(28, "No space left on device"), tmp_path / "err")
    monkeypatch.setattr(sys, "stderr", stream)
    say("text")
    assert capsys.readouterr().out == ""
    os.close(stream.descriptor)


def test_a_fork_of_the_users_code_has_its_own_signals() -> None:
    """SIGTERM ends it by the system, however early it comes: a handler of Python's would be put off while it waits for
    a lock, and a signal in the middle of a fork be dropped."""
    code = """
import os, signal, time
from lrfind.cli.terminal import interruptible

def fork():
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.kill(os.getpid(), signal.SIGINT)
    os._exit(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)

with interruptible(lambda: None):
    for _ in range(200):
        child = os.fork()
        if not child:
            signal.alarm(20)
            time.sleep(1000)
        os.kill(child, signal.SIGTERM)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM
    assert fork() == 1, "Ctrl-C is its parent's to decide about"
    assert callable(signal.getsignal(signal.SIGTERM)), "the parent keeps its own"
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
assert fork() == 0, "where no command runs, nothing is changed"
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
