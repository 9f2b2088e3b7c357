"""The summary of a step: appended to, never in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrfind.cli.outputs import MOST_BYTES, summarise

VARIABLE = "GITHUB_STEP_SUMMARY"


def test_sections_are_appended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "summary.md"
    monkeypatch.setenv(VARIABLE, str(file))
    summarise("### one é\n")
    summarise("### two\n")
    assert file.read_bytes() == "### one é\n\n### two\n".encode()
    assert capsys.readouterr().err == ""


def test_without_github_there_is_nothing_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    summarise("x")
    monkeypatch.setenv(VARIABLE, "")
    summarise("x")
    assert capsys.readouterr() == ("", "")


def test_what_github_would_drop_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "summary.md"
    file.write_bytes(b"x" * (MOST_BYTES - 10))
    monkeypatch.setenv(VARIABLE, str(file))
    summarise("y" * 11)
    assert "larger than" in capsys.readouterr().err
    assert file.stat().st_size == MOST_BYTES - 10


def test_a_file_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    summarise("x")
    assert "cannot be written" in capsys.readouterr().err
