"""The summary of a step: appended to, never in the way."""

from __future__ import annotations

from pathlib import Path

from lrfind.cli.delivery import MOST_BYTES, append


def test_sections_are_appended(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    environment = {"GITHUB_STEP_SUMMARY": str(file)}
    assert append("### one é\n", environment) is None
    assert append("### two\n", environment) is None
    assert file.read_bytes() == "### one é\n\n### two\n".encode()


def test_without_github_there_is_nothing_to_do() -> None:
    assert append("x", {}) is None
    assert append("x", {"GITHUB_STEP_SUMMARY": ""}) is None


def test_what_github_would_drop_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    file.write_bytes(b"x" * (MOST_BYTES - 10))
    trouble = append("y" * 11, {"GITHUB_STEP_SUMMARY": str(file)})
    assert trouble is not None
    assert "larger than" in trouble
    assert file.stat().st_size == MOST_BYTES - 10


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    trouble = append("x", {"GITHUB_STEP_SUMMARY": str(tmp_path)})
    assert trouble is not None
    assert "cannot be written" in trouble
