"""Run directories of an older version, whose journal's head lacks the totals of the schedule: read, never misread."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrfind.config.schema import Config
from lrfind.core.errors import InputError, NothingToJudge
from lrfind.core.result import Result
from lrfind.runs.callbacks import Callback
from lrfind.runs.prepare import Options, RunContext
from lrfind.runs.sweep import sweep
from lrfind.storage.journal import JOURNAL
from lrfind.storage.layout import is_training
from lrfind.storage.recover import recover_result, recover_training

JOURNALS = Path(__file__).parents[1] / "data" / "journals"
SWEEP, TRAIN = ((JOURNALS / f"{name}.jsonl").read_bytes().splitlines(keepends=True) for name in ("sweep", "train"))


def killed(folder: Path, lines: list[bytes], count: int) -> Path:
    """A folder as a kill leaves it: so many lines of the journal, and the beginning of the next."""
    rest = lines[count][:20] if count < len(lines) else b""
    (folder / JOURNAL).write_bytes(b"".join(lines[:count]) + rest)
    return folder


def kinds(lines: list[bytes], kind: str) -> int:
    return sum(f'{{"kind": "{kind}"'.encode() in line for line in lines)


@pytest.mark.parametrize("count", range(1, len(SWEEP) + 1))
def test_a_sweep_is_read_wherever_its_journal_ends(tmp_path: Path, count: int) -> None:
    folder = killed(tmp_path, SWEEP, count)
    if not kinds(SWEEP[:count], "sweep"):
        with pytest.raises(NothingToJudge, match="before anything was measured"):
            recover_result(folder)
        return
    result, reached = recover_result(folder)
    assert result.status == "interrupted"
    assert result.recommendation.learning_rate == pytest.approx(0.0562015, rel=1e-5)
    assert any("which only the run itself works out" in warning for warning in result.warnings)
    assert ("confirmation" in reached) == bool(kinds(SWEEP[:count], "swept"))
    trials = 0 if result.confirmation is None else sum(len(each.loss) for each in result.confirmation.candidates)
    assert trials == sum(line.count(b",") + 1 for line in losses(SWEEP[:count]))


def losses(lines: list[bytes]) -> list[bytes]:
    """The losses of each evaluation, as the journal spells them."""
    return [line.split(b'"loss": [')[1].split(b"]")[0] for line in lines if b'"kind": "judged"' in line]


@pytest.mark.parametrize("count", range(1, len(TRAIN) + 1))
def test_a_training_is_read_wherever_its_journal_ends(tmp_path: Path, count: int) -> None:
    folder = killed(tmp_path, TRAIN, count)
    assert is_training(folder)
    if not kinds(TRAIN[:count], "train"):
        with pytest.raises(NothingToJudge, match="before anything was measured"):
            recover_training(folder)
        return
    training, reached = recover_training(folder)
    assert training.learning_rate == training.rate[0] == 0.1
    assert reached == f"interrupted after {len(training.loss)} steps"
    assert training.scores is not None
    assert len(training.scores.step) == kinds(TRAIN[:count], "score")


def test_an_unfinished_one_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    """Its fingerprint is another one, as versions or processors are."""
    folder = killed(tmp_path, SWEEP, 8)
    before = (folder / JOURNAL).read_bytes()
    config = Config.model_validate(
        {
            "model": {"name": "linear"},
            "data": {"name": "digits", "batch_size": 16},
            "optimizer": {"name": "lion", "learning_rate": 0.1},
            "train": {"steps": 60, "schedule": "cosine"},
            "sweep": {"steps": 40, "seeds": 2},
            "confirm": {"budget": 500},
        }
    )

    def render(result: Result, context: RunContext) -> tuple[Result, dict[str, bytes]]:
        del context
        return result, {}

    with pytest.raises(InputError, match=r"holds a run of this config under other conditions.*--fresh"):
        sweep(config, "l", render, Options(out=folder), Callback())
    assert (folder / JOURNAL).read_bytes() == before
