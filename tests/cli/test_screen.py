"""What a stream can show."""

from __future__ import annotations

import io
import sys

import pytest

from lrfind.cli import screen as screens
from lrfind.cli.screen import put, say, screen
from lrfind.errors import RunError


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
    assert (seen.width, seen.height, seen.color, seen.unicode, seen.live) == (80, 24, True, True, True)


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
    put("a · b")
    assert stream.buffer.getvalue() == b"a ? b"  # type: ignore[attr-defined]


class Broken(io.StringIO):
    """A stream that cannot be written."""

    encoding = "utf-8"  # type: ignore[assignment]

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error

    def fileno(self) -> int:
        return 99


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The descriptors that were pointed nowhere."""
    descriptors: list[int] = []
    monkeypatch.setattr(screens.os, "open", lambda *_: 98)
    monkeypatch.setattr(screens.os, "dup2", lambda source, target: descriptors.append(target))
    return descriptors


def test_put_to_a_reader_who_left(monkeypatch: pytest.MonkeyPatch, moved: list[int]) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(BrokenPipeError()))
    put("text")
    assert moved == [99]


def test_put_to_a_full_disk(monkeypatch: pytest.MonkeyPatch, moved: list[int]) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(OSError(28, "No space left on device")))
    with pytest.raises(RunError, match="standard output cannot be written: No space left on device"):
        put("text")
    assert moved == [99]


def test_say_to_nobody(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stderr", Broken(OSError(28, "No space left on device")))
    say("text")
    assert capsys.readouterr().out == ""
