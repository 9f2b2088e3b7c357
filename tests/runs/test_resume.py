"""A run that was killed is carried on to the bits of one that was not: wherever the journal ends, whatever state it
has."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lrfind.config.schema import Config
from lrfind.core.errors import RunError
from lrfind.core.result import Result
from lrfind.engine import train_loop
from lrfind.report.sweep import result_json
from lrfind.runs import sweep
from lrfind.runs.callbacks import Callback
from lrfind.runs.prepare import Options, RunContext
from lrfind.storage import journal, layout, run_directory
from lrfind.storage.replay import Position
from tests.support.journals import journal_lines

CONFIG = Config.model_validate(
    {
        "model": {"name": "linear"},
        "data": {"name": "digits", "batch_size": 64},
        "optimizer": {"name": "adam"},
        "train": {"steps": 200, "schedule": {"name": "cosine", "warmup_steps": 20}},
        "sweep": {"min_lr": 3.0, "max_lr": 10.0, "steps": 20, "seeds": 2},
        "confirm": {"budget": 1200},
    }
)
"""It begins too high and ends too low, so that it climbs twice, and beyond its end."""

CHUNK = 7


class Watching(Callback):
    """Who remembers what was told of the resuming, and may press Ctrl-C."""

    def __init__(self, patience: int = 10**6) -> None:
        self.patience, self.chunks = patience, 0
        self.reached: Position | None = None
        self.strange, self.repeated = 0, 0

    def resume(self, reached: Position | None, strange: int) -> None:
        self.reached, self.strange = reached, strange

    def on_recompute(self, kind: str, done: int, total: int) -> None:
        if done == 0:
            self.repeated += total

    def on_sweep_chunk(self, *_: Any) -> None:
        self.count()

    def on_rung_chunk(self, *_: Any) -> None:
        self.count()

    def count(self) -> None:
        self.chunks += 1
        if self.chunks >= self.patience:
            raise KeyboardInterrupt


def measure(folder: Path, callback: Watching | None = None, given: Config = CONFIG, **options: Any) -> Watching:
    """A run in a folder, with the files that the command line writes."""

    def render(result: Result, context: RunContext) -> tuple[Result, Mapping[str, bytes]]:
        files = {
            layout.CURVE: result_json.to_csv(result).encode(),
            layout.RESULT: result_json.to_json(result).encode(),
        }
        return result, files

    callback = callback or Watching()
    sweep.sweep(given, "name", render, Options(out=folder, **options), callback)
    return callback


def outcome(folder: Path) -> tuple[dict[str, Any], bytes]:
    """What has to be the same: the result, but for the time it took, and the curve."""
    result = json.loads((folder / layout.RESULT).read_text(encoding="utf-8"))
    return {key: value for key, value in result.items() if key != "timing"}, (folder / layout.CURVE).read_bytes()


@dataclass
class Story:
    """A run from beginning to end, and the states it had."""

    folder: Path
    text: bytes = b""
    states: list[tuple[int, bytes]] = field(default_factory=list)

    def ends(self) -> list[int]:
        """Where the lines end."""
        return [number + 1 for number, byte in enumerate(self.text) if byte == ord("\n")]

    def killed(self, target: Path, place: int, state: bytes | None = None) -> Path:
        """A folder as a kill leaves it, the journal being so long."""
        target.mkdir()
        (target / journal.JOURNAL).write_bytes(self.text[:place])
        if state is not None:
            (target / layout.STATE).write_bytes(state)
        return target

    def state_at(self, place: int) -> bytes | None:
        """The last state that was written before the journal was so long, or just came to be."""
        found = [state for end, state in self.states if end <= place]
        return found[-1] if found else None


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_loop, "chunk_for", lambda *_: CHUNK)
        patch.setattr(run_directory, "STATE_EVERY", 0.0)
        patch.setattr(run_directory, "STATE_SHARE", 0.0)
        told = Story(tmp_path_factory.mktemp("whole") / "run")
        save = run_directory.RunDirectory._save

        def keep(directory: run_directory.RunDirectory, *arguments: Any) -> None:
            save(directory, *arguments)
            size = (directory.path / journal.JOURNAL).stat().st_size
            told.states.append((size, (directory.path / layout.STATE).read_bytes()))

        with pytest.MonkeyPatch.context() as watched:
            watched.setattr(run_directory.RunDirectory, "_save", keep)
            measure(told.folder)
        told.text = (told.folder / journal.JOURNAL).read_bytes()
        yield told


def test_the_story_has_every_kind_of_line(story: Story) -> None:
    lines = journal_lines(story.folder / journal.JOURNAL)
    kinds = {line["kind"] for line in lines}
    assert kinds == {"head", "execution", "sweep", "swept", "sharpness", "race", "confirm", "judged", "end"}
    sweeps = [line for line in lines if line["kind"] == "sweep"]
    assert sum(line["start"] == 0 for line in sweeps) == 2, "it climbed twice"
    assert "trust" in sweeps[0]
    steps = len(outcome(story.folder)[0]["sweep"]["learning_rate"])
    assert max(line["start"] for line in sweeps) < steps
    assert not (story.folder / layout.STATE).exists(), "nothing is left to carry on"


@pytest.mark.parametrize("share", np.linspace(0.02, 0.99, 6))
def test_killed_anywhere(story: Story, tmp_path: Path, share: float) -> None:
    """The journal is torn in the middle of a line."""
    place = int(share * len(story.text))
    ends = [end for end in story.ends() if end <= place]
    folder = story.killed(tmp_path / "r", place, story.state_at(ends[-1] if ends else 0))
    callback = measure(folder)
    assert outcome(folder) == outcome(story.folder)
    assert callback.repeated == 0, "there is a state for every chunk"
    before = journal.read_journal(story.folder / journal.JOURNAL).lines
    after = journal.read_journal(folder / journal.JOURNAL).lines
    assert after[: len(ends)] == before[: len(ends)], "no line that was on the disk is lost"
    assert journal.ending(journal.read_journal(folder / journal.JOURNAL).lines) == "complete"


@pytest.mark.parametrize("number", [2, 9, -6])
def test_killed_between_a_state_and_its_line(story: Story, tmp_path: Path, number: int) -> None:
    end, state = story.states[number]
    folder = story.killed(tmp_path / "r", end, state)
    callback = measure(folder)
    assert callback.repeated == 0
    assert outcome(folder) == outcome(story.folder)
    line = json.loads(story.text[end:].split(b"\n")[0])
    assert callback.reached is not None
    assert callback.reached.step == line["start"] + len(line["loss"][0]), "the state holds its line"


def sweep_end(story: Story, chunks: int) -> int:
    """Where the journal has so many chunks of the sweep."""
    ends = story.ends()
    found = [end for end, line in zip(ends, story.text.splitlines(), strict=True) if b'"kind": "sweep"' in line]
    return found[chunks - 1]


@pytest.mark.parametrize("damage", ["none", "cut", "other", "older"])
def test_without_its_state_it_is_measured_again_and_held_against_the_journal(
    story: Story, tmp_path: Path, damage: str
) -> None:
    place = sweep_end(story, 3)
    right = story.state_at(place)
    assert right is not None
    state = {"none": None, "cut": right[: len(right) // 2], "other": b"hello", "older": story.states[0][1]}[damage]
    folder = story.killed(tmp_path / "r", place, state)
    callback = measure(folder)
    start = 2 * CHUNK if damage == "older" else 3 * CHUNK
    assert callback.reached == Position("sweep", sum_of_steps(story, 3), None)
    assert callback.repeated in (start, start - 1), "a chunk at the end of the ladder is shorter"
    assert outcome(folder) == outcome(story.folder)


def sum_of_steps(story: Story, chunks: int) -> int:
    lines = [line for line in journal_lines(story.folder / journal.JOURNAL) if line["kind"] == "sweep"]
    return sum(len(line["learning_rate"]) for line in lines[:chunks])


def test_too_large_a_state_is_not_saved(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_directory, "STATE_LIMIT", 100)
    folder = story.killed(tmp_path / "r", sweep_end(story, 2))
    callback = measure(folder, Watching(patience=8))
    assert not (folder / layout.STATE).exists()
    assert callback.repeated == 2 * CHUNK
    assert outcome_status(folder) == "interrupted"
    measure(folder)
    assert outcome(folder) == outcome(story.folder)


def outcome_status(folder: Path) -> str:
    return str(json.loads((folder / layout.RESULT).read_text(encoding="utf-8"))["status"])


def test_interrupted_again_and_again(story: Story, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    for patience in (1, 4, 30):
        callback = measure(folder, Watching(patience))
        assert outcome_status(folder) == "interrupted"
        assert journal.ending(journal.read_journal(folder / journal.JOURNAL).lines) == "interrupted"
        assert (callback.reached is None) == (patience == 1)
    measure(folder)
    assert outcome(folder) == outcome(story.folder)
    kinds = [line["kind"] for line in journal_lines(folder / journal.JOURNAL)]
    assert kinds.count("end") == 4
    chunks = [line for line in journal_lines(folder / journal.JOURNAL) if line["kind"] in ("sweep", "confirm")]
    whole = [line for line in journal_lines(story.folder / journal.JOURNAL) if line["kind"] in ("sweep", "confirm")]
    assert chunks == whole, "every step is in it once"


def test_everything_was_measured_and_nothing_written(story: Story, tmp_path: Path) -> None:
    """Killed between the last chunk and the files, or the files were lost."""
    folder = story.killed(tmp_path / "r", story.ends()[-1])
    callback = measure(folder)
    assert callback.repeated == 0
    assert outcome(folder) == outcome(story.folder)


def test_finished_it_is_measured_again(story: Story, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    shutil.copytree(story.folder, folder)
    callback = measure(folder, Watching(patience=3))
    assert callback.reached is None
    assert outcome(folder) == outcome(story.folder)
    assert (folder / journal.NEXT_JOURNAL).exists()
    callback = measure(folder)
    assert callback.reached is not None, "the second measuring is carried on as well"
    assert outcome(folder) == outcome(story.folder)
    assert not (folder / journal.NEXT_JOURNAL).exists()


def test_fresh_begins_anew(story: Story, tmp_path: Path) -> None:
    folder = story.killed(tmp_path / "r", sweep_end(story, 3), story.state_at(sweep_end(story, 3)))
    callback = measure(folder, fresh=True)
    assert (callback.reached, callback.repeated) == (None, 0)
    assert outcome(folder) == outcome(story.folder)


def test_lines_that_do_not_belong_are_left_out(story: Story, tmp_path: Path) -> None:
    place = sweep_end(story, 2)
    folder = story.killed(tmp_path / "r", place, story.state_at(place))
    head, _, rest = story.text[:place].partition(b"\n")
    (folder / journal.JOURNAL).write_bytes(head + b'\n{"kind": "sweep", "start": 0}\n' + rest + b"hello\n")
    callback = measure(folder)
    assert (callback.strange, callback.repeated) == (2, 0)
    assert outcome(folder) == outcome(story.folder)
    assert b"hello" not in (folder / journal.JOURNAL).read_bytes()


def test_a_changed_number_is_measured_again(story: Story, tmp_path: Path) -> None:
    place = sweep_end(story, 3)
    folder = story.killed(tmp_path / "r", place)
    text = bytearray(story.text[:place])
    at = text.rindex(b'"loss": [[') + 12
    text[at] = ord("1") if text[at] != ord("1") else ord("2")
    (folder / journal.JOURNAL).write_bytes(text)
    callback = measure(folder)
    assert callback.strange == 1
    assert callback.reached == Position("sweep", sum_of_steps(story, 2), None)
    assert outcome(folder) == outcome(story.folder)


def test_a_journal_that_another_machine_would_have_written(story: Story, tmp_path: Path) -> None:
    """Its sums are right, and a number is not."""
    from lrfind.storage.journal import to_line

    lines = journal_lines(story.folder / journal.JOURNAL)[:5]
    lines[-1]["loss"][0][1] *= 1 + 1e-7
    text, mark = "", ""
    for line in lines:
        written, mark = to_line(line, mark)
        text += written
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / journal.JOURNAL).write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match="of the sweep do not come out as the journal has them"):
        measure(tmp_path / "r")


def test_the_clock_counts_what_was_spent_before(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a limit of time, what the clock decided is in the journal, and decided no more."""
    limited = CONFIG.model_copy(update={"confirm": CONFIG.confirm.model_copy(update={"max_seconds": 1000.0})})
    folder = tmp_path / "r"
    measure(folder, given=limited)
    expected = outcome(folder)
    text = (folder / journal.JOURNAL).read_bytes()
    times = [line for line in journal_lines(folder / journal.JOURNAL) if line["kind"] == "time"]
    assert len(times) >= 2
    for share in (0.6, 0.9):
        again = tmp_path / str(share)
        again.mkdir()
        (again / journal.JOURNAL).write_bytes(text[: int(share * len(text))])
        measure(again, given=limited)
        assert outcome(again) == expected
