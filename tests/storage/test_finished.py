"""A finished run read back from its directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrfind.core.errors import InputError, RunError
from lrfind.report.sweep.result_json import to_json
from lrfind.storage.layout import finished_result
from lrfind.storage.recover import open_result
from tests.report.conftest import confirmed


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "digits"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(to_json(confirmed()), encoding="ascii")
    return folder


def test_a_directory_and_its_file_are_the_same(run: Path) -> None:
    text = (run / "result.json").read_text(encoding="ascii")
    assert to_json(finished_result(run)) == to_json(finished_result(run / "result.json")) == text


def test_a_torn_file_is_named(run: Path) -> None:
    file = run / "result.json"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(InputError, match=r"result\.json: this is no lrfind result: not valid JSON"):
        finished_result(run)


def test_what_is_not_there_is_said(run: Path) -> None:
    with pytest.raises(InputError, match="no such run directory"):
        finished_result(run.parent / "digit")
    with pytest.raises(InputError, match="holds the run directories digits; name one"):
        finished_result(run.parent)
    (run / "result.json").unlink()
    with pytest.raises(InputError, match="so it is no run directory"):
        finished_result(run)
    (run / "journal.jsonl").touch()
    with pytest.raises(InputError, match="the run is not finished"):
        finished_result(run)


def test_what_cannot_be_read_is_said(run: Path) -> None:
    (run / "result.json").unlink()
    (run / "result.json").mkdir()
    with pytest.raises(RunError, match="cannot be read"):
        finished_result(run)


@pytest.mark.parametrize("name", ["loop", "loop/result.json", "file/result.json"])
def test_no_path_is_wrong_input(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError):
        open_result(tmp_path / name, lambda note: None)
