"""The run directory: whose it is, a journal that outlives a kill, files that are whole or not there."""

from __future__ import annotations

import math
import os
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.core.errors import ExitCode, InputError, RunError
from lrfind.storage import atomic, claim, layout, run_directory
from lrfind.storage import journal as journals
from lrfind.storage.claim import FolderOptions, take
from lrfind.storage.layout import LOCK, OWNER, is_internal
from tests.support.journals import journal_lines


def default_folder(name: str, runs: Path, mark: str) -> Path:
    """The first folder under `runs` that a run may go to."""
    return next(folder for folder in claim.candidates(runs, name) if not layout.obstacle(folder, mark))


FILES = {layout.CURVE: b"curve", layout.PLOT: b"plot", layout.RESULT: b"result"}


def run_once(folder: Path, mark: str, status: str = "complete", files: dict[str, bytes] | None = None) -> list[Path]:
    """A run from beginning to end."""
    with claim.open_run(folder, mark, {"config": {}}, own=False, fresh=False) as run:
        run.append({"kind": "sweep", "start": 0})
        return run.finish(FILES if files is None else files, status)


def journal(folder: Path, name: str = journals.JOURNAL) -> list[Any]:
    return journal_lines(folder / name)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_fingerprint_is_of_the_content_not_the_order(parts: dict[str, Any]) -> None:
    assert layout.fingerprint(parts) == layout.fingerprint(dict(reversed(parts.items())))
    assert layout.fingerprint(parts) != layout.fingerprint({**parts, "one more key": 1})


def test_journal_has_a_head_and_every_line(tmp_path: Path) -> None:
    run_once(tmp_path / "r", "mark")
    head, chunk, end = journal(tmp_path / "r")
    assert head == {"kind": "head", "schema": "lrfind/journal/1", "fingerprint": "mark", "config": {}}
    assert chunk["kind"] == "sweep"
    assert end == {"kind": "end", "status": "complete"}


def test_a_line_that_cannot_be_written_fails_the_next_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def fill_the_disk() -> None:
        with claim.open_run(tmp_path, "m", {}, own=True, fresh=False) as run:
            monkeypatch.setattr(run_directory.os, "fsync", full)
            run.append({"kind": "sweep"})
            with pytest.raises(RunError, match="No space left"):
                run.append({"kind": "sweep"})
            run.append({"kind": "end"})

    with pytest.raises(RunError, match="No space left"):
        fill_the_disk()


def test_lines_are_on_the_disk_once_settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    fsync = os.fsync
    monkeypatch.setattr(run_directory.os, "fsync", lambda number: (synced.append(number), fsync(number)))
    with claim.open_run(tmp_path, "mark", {}, own=True, fresh=False) as run:
        for count in range(1, 4):
            assert len(journal(tmp_path)) == len(synced) == count
            run.append({"kind": "sweep"})
            run.flush()


def test_what_is_not_finite_is_a_string(tmp_path: Path) -> None:
    with claim.open_run(tmp_path, "mark", {}, own=True, fresh=False) as run:
        run.append({"kind": "x", "loss": [[math.nan, math.inf], (-math.inf, 1.5)], "deep": {"loss": math.nan}})
    assert journal(tmp_path)[1] == {"kind": "x", "loss": [["nan", "inf"], ["-inf", 1.5]], "deep": {"loss": "nan"}}


def test_files_and_order(tmp_path: Path) -> None:
    assert [path.name for path in run_once(tmp_path, "mark")] == list(FILES)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.name in FILES} == FILES
    assert {path.name for path in tmp_path.iterdir()} == {*FILES, journals.JOURNAL, ".lock"}


def test_default_folder(tmp_path: Path) -> None:
    def folder(mark: str) -> str:
        return default_folder("c", tmp_path, mark).name

    assert folder("a") == "c"
    run_once(tmp_path / "c", "a")
    assert (folder("a"), folder("b")) == ("c", "c-2")
    run_once(tmp_path / "c-2", "b")
    assert (folder("a"), folder("b"), folder("x")) == ("c", "c-2", "c-3")


@pytest.mark.parametrize("text", ["", "no json\n", "[]\n", '{"kind": "head"}\n', "\udcff"])
def test_a_folder_without_a_readable_journal_is_nobodys(tmp_path: Path, text: str) -> None:
    (tmp_path / journals.JOURNAL).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert journals.fingerprint_of(tmp_path) is None
    assert journals.ending(journals.read_journal(tmp_path / journals.JOURNAL).lines) is None


def test_a_torn_last_line_means_unfinished(tmp_path: Path) -> None:
    run_once(tmp_path, "mark")
    path = tmp_path / journals.JOURNAL
    path.write_bytes(path.read_bytes()[:-5])
    assert journals.fingerprint_of(tmp_path) == "mark"
    assert journals.ending(journals.read_journal(tmp_path / journals.JOURNAL).lines) is None


def test_the_old_run_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    run_once(tmp_path, "mark")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def interrupted() -> None:
        with claim.open_run(tmp_path, "mark", {}, own=True, fresh=False) as run:
            assert run.finished
            run.append({"kind": "sweep"})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    run_once(tmp_path, "mark", files={layout.RESULT: b"new"})
    assert (tmp_path / layout.RESULT).read_bytes() == b"new"
    assert not (tmp_path / layout.CURVE).exists(), "what the new run does not have would be another run's"
    assert not (tmp_path / journals.NEXT_JOURNAL).exists()


@pytest.mark.parametrize(
    ("status", "finished"), [("complete", True), ("no_recommendation", True), ("interrupted", False)]
)
def test_finished(tmp_path: Path, status: str, finished: bool) -> None:
    run_once(tmp_path, "mark", status)
    with claim.open_run(tmp_path, "mark", {}, own=True, fresh=False) as run:
        assert run.finished == finished


def test_another_run_in_a_named_folder(tmp_path: Path) -> None:
    run_once(tmp_path, "a")
    with (
        pytest.raises(InputError, match=r"holds the run of another config; choose another --out, or .* --fresh"),
        claim.open_run(tmp_path, "b", {}, own=True, fresh=False),
    ):
        pass
    assert journals.fingerprint_of(tmp_path) == "a"
    with claim.open_run(tmp_path, "b", {}, own=True, fresh=True) as run:
        assert journals.fingerprint_of(tmp_path) == "a", "until the new files are whole"
        run.finish(FILES, "complete")
    assert journals.fingerprint_of(tmp_path) == "b"


def test_another_run_came_between(tmp_path: Path) -> None:
    """The folder was found free, and by the time it is taken it is not."""
    run_once(tmp_path, "a")
    with (
        pytest.raises(RunError, match=r"another run took .* at the same moment; start this one again"),
        claim.open_run(tmp_path, "b", {}, own=False, fresh=False),
    ):
        pass


def test_in_use(tmp_path: Path) -> None:
    """Locks are per open file, so this process stands in for another one."""
    with (
        claim.open_run(tmp_path, "a", {}, own=True, fresh=False),
        pytest.raises(RunError, match=f"is in use by process {os.getpid()}; wait for it, or choose another folder"),
        claim.open_run(tmp_path, "a", {}, own=True, fresh=False),
    ):
        pass
    assert not (tmp_path / ".owner").exists()
    with claim.open_run(tmp_path, "a", {}, own=True, fresh=False):
        pass


def test_owner_unknown(tmp_path: Path) -> None:
    assert claim.owner(tmp_path) == "another process"
    (tmp_path / ".owner").write_text("me", encoding="ascii")
    assert claim.owner(tmp_path) == "another process"


def test_a_file_where_the_folder_would_be(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    with (
        pytest.raises(RunError, match="f is a file; choose another folder with --out"),
        claim.open_run(tmp_path / "f", "a", {}, own=True, fresh=False),
    ):
        pass


@pytest.mark.parametrize("function", ["replace", "fsync"])
def test_write_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    path = tmp_path / "f"
    atomic.write(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_directory.os, function, full)
    with pytest.raises(RunError, match="f cannot be written: No space left on device") as caught:
        atomic.write(path, b"new")
    assert caught.value.exit_code == ExitCode.RUN_FAILED
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"old"], "nothing else is left behind"


def test_write_keeps_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    atomic.write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_write_does_not_replace_what_is_no_file(tmp_path: Path) -> None:
    """As root, replacing /dev/null by a file would be a disaster."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()
    atomic.write(path, b"text")
    reader.join(10)
    assert read == [b"text"]
    assert path.is_fifo()


def killed(folder: Path, mark: str, *, fresh: bool = False) -> None:
    """A run that ends in the middle."""
    with suppress(KeyboardInterrupt), claim.open_run(folder, mark, {}, own=True, fresh=fresh) as run:
        run.append({"kind": "sweep"})
        raise KeyboardInterrupt


def test_an_unfinished_run_over_a_finished_one_is_not_overwritten(tmp_path: Path) -> None:
    run_once(tmp_path, "a")
    killed(tmp_path, "b", fresh=True)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for mark in ("a", "c"):
        with (
            pytest.raises(InputError, match="holds an unfinished run of another config; choose another --out, or"),
            claim.open_run(tmp_path, mark, {}, own=True, fresh=False),
        ):
            pass
        assert default_folder(tmp_path.name, tmp_path.parent, mark) != tmp_path
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    with claim.open_run(tmp_path, "b", {}, own=True, fresh=False) as run:
        assert [line["kind"] for line in run.recorded if line["kind"] != "files"] == ["head", "sweep"]
        run.finish(FILES, "complete")
    assert journals.fingerprint_of(tmp_path) == "b"


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("listed", [True, False])
def test_killed_while_the_files_take_their_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int, listed: bool
) -> None:
    """Whatever of old and new is there then, it is lrfind's, and a run over it ends."""
    run_once(tmp_path, "a")
    if not listed:  # As earlier versions left them.
        lines, text, last = journal_lines(tmp_path / journals.JOURNAL), "", ""
        for line in lines:
            written, last = journals.to_line(line, last)
            text += written
        (tmp_path / journals.JOURNAL).write_text(text, encoding="ascii")
    replace, left = os.replace, place

    def kill(source: Path, target: Path) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        replace(source, target)

    new = dict.fromkeys((layout.CURVE, layout.RESULT), b"new")
    for again in (False, True):
        monkeypatch.setattr(run_directory.os, "replace", kill)
        with suppress(KeyboardInterrupt), claim.open_run(tmp_path, "b", {}, own=True, fresh=True) as run:
            run.finish(new, "complete")
        monkeypatch.setattr(run_directory.os, "replace", replace)
        left = place if again else 0
    with claim.open_run(tmp_path, "b", {}, own=True, fresh=True) as run:
        run.finish(new, "complete")
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {*new, journals.JOURNAL, ".lock"}


def test_a_file_of_the_users_that_came_during_the_run_stays(tmp_path: Path) -> None:
    with claim.open_run(tmp_path, "a", {}, own=True, fresh=False) as run:
        (tmp_path / layout.CURVE).write_bytes(b"mine")
        with pytest.raises(RunError, match=r"curve.csv was put there while the run went"):
            run.finish(FILES, "complete")
    assert (tmp_path / layout.CURVE).read_bytes() == b"mine"


def test_runs_of_one_name_at_once_have_folders_of_their_own(tmp_path: Path) -> None:
    with ExitStack() as stack:
        folders = [
            stack.enter_context(take(FolderOptions(runs=Path("runs"), start=tmp_path), "c", mark, {})).path
            for mark in ("a", "b", "a")
        ]
    assert folders == [Path("runs/c"), Path("runs/c-2"), Path("runs/c-3")]


def test_many_threads_take_one_folder_each(tmp_path: Path) -> None:
    taken: list[Path] = []
    ready = threading.Barrier(6)

    def run() -> None:
        ready.wait(10)
        with take(FolderOptions(runs=tmp_path, start=tmp_path), "c", "mark", {}) as directory:
            taken.append(directory.path)
            ready.wait(10)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(set(taken)) == 6


def test_a_temporary_file_of_nobody_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"mine")
    (tmp_path / f".f.{os.getpid()}").symlink_to("kept")
    atomic.write(tmp_path / "f", b"new")
    assert (tmp_path / "kept").read_bytes() == b"mine"
    assert (tmp_path / "f").read_bytes() == b"new"


def test_a_name_as_long_as_names_can_be(tmp_path: Path) -> None:
    for name in ("n" * 255, "\u00e4" * 127):
        assert atomic.write(tmp_path / name, b"new").read_bytes() == b"new"


@pytest.mark.parametrize("killed", [True, False])
def test_temporary_files_go_only_where_a_run_was(tmp_path: Path, killed: bool) -> None:
    if killed:
        with claim.open_run(tmp_path, "mark", {}, own=True, fresh=False):
            pass
    left = tmp_path / ".result.json.123"
    left.write_text("mine", encoding="utf-8")
    with claim.open_run(tmp_path, "mark", {}, own=True, fresh=False):
        pass
    assert left.exists() != killed


@pytest.mark.parametrize(
    ("name", "content", "internal"),
    [
        (OWNER, b"", True),  # a run was killed between making the file and writing its number
        (OWNER, b"123\n", True),
        (OWNER, b"mine", False),
        (LOCK, b"", True),
        (LOCK, b"123", False),
    ],
)
def test_locks_are_lrfinds_own_as_far_as_they_hold_what_it_writes(
    tmp_path: Path, name: str, content: bytes, internal: bool
) -> None:
    (tmp_path / name).write_bytes(content)
    assert is_internal(tmp_path, name) == internal
