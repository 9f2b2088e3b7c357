"""A killed run's journal read into the result that an interruption would have left."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from lrfind.analysis.confirmation.horizon_scaling import POWER
from lrfind.core.dataset import Floats
from lrfind.core.errors import InputError, NothingToJudge
from lrfind.core.result import Result, Timing
from lrfind.report.sweep.result_json import to_json
from lrfind.runs import confirmation
from lrfind.storage import journal
from lrfind.storage.journal import to_line
from lrfind.storage.recover import recover_result
from tests.runs import test_confirmation as trainings
from tests.runs.test_sweep import Watching, chunks_of_25, config, measure
from tests.support.journals import journal_lines

__all__ = ["chunks_of_25"]


def told(result: Result) -> str:
    """All that a journal can tell of a result."""
    return to_json(replace(result, timing=Timing()))


class SecondClimb(Watching):
    """Interrupts the climb from lower down."""

    def on_sweep_chunk(self, learning_rate: Floats, done: int, loss: float) -> None:
        if self.climbed and done <= self.climbed[-1]:
            raise KeyboardInterrupt
        super().on_sweep_chunk(learning_rate, done, loss)


@pytest.mark.parametrize(
    ("sections", "callback"),
    [({}, Watching(1)), ({"sweep": {"min_lr": 3.0, "max_lr": 1000.0, "extend": True}}, SecondClimb())],
)
def test_it_is_what_an_interruption_leaves(
    tmp_path: Path, sections: dict[str, dict[str, object]], callback: Watching
) -> None:
    result = measure(tmp_path, config(**sections), callback)
    found, reached = recover_result(tmp_path)
    assert told(found) == told(result)
    assert result.status == "interrupted"
    assert reached == result.warnings[0]


@pytest.mark.parametrize(
    ("optimizer", "schedule"),
    [
        *((name, {"name": "cosine", "warmup_steps": 20}) for name in ("sgd", "lion", "muon", "lamb")),
        ("lion", {"name": "reduce_on_plateau"}),
    ],
)
def test_a_killed_run_names_the_rate_of_an_interrupted_one(
    tmp_path: Path, optimizer: str, schedule: dict[str, object]
) -> None:
    """The rate that the sweep gives is scaled to the whole training, if the optimiser ignores the gradient scale."""
    model = {"name": "mlp", "hidden": [16]}
    given = trainings.config(model=model, optimizer={"name": optimizer}, train={"steps": 400, "schedule": schedule})
    result = trainings.measure(tmp_path, given, patience=1).result
    found, _ = recover_result(tmp_path)
    assert result.recommendation.learning_rate is not None
    assert told(found) == told(result)
    scaled = "times lower" in result.recommendation.reason
    assert scaled is (optimizer != "sgd")


def test_an_older_journal_without_the_totals_of_the_schedule(tmp_path: Path) -> None:
    """Its rate is the one of the sweep, and a warning says that a whole training wants a lower one."""
    trainings.measure(tmp_path, trainings.config(optimizer={"name": "lion"}), patience=1)
    head, *others = journal_lines(tmp_path / journal.JOURNAL)
    scaled = recover_result(tmp_path)[0].recommendation.learning_rate
    lines(tmp_path, {key: value for key, value in head.items() if key != "schedule"}, *others)
    found, _ = recover_result(tmp_path)
    assert scaled is not None
    assert found.recommendation.learning_rate is not None
    assert found.recommendation.learning_rate > scaled
    assert any("which only the run itself works out" in warning for warning in found.warnings)


@pytest.mark.parametrize("patience", [1, 7, 12])
def test_so_it_is_in_the_confirmation(tmp_path: Path, patience: int) -> None:
    """In the middle of a heat as well: what is judged of it is told."""
    result = trainings.measure(tmp_path, trainings.config(), patience).result
    found, reached = recover_result(tmp_path)
    assert told(found) == told(result)
    assert reached == result.warnings[0] == "interrupted during the confirmation"
    assert found.evidence.stability_limit is not None
    assert (found.confirmation is None) == (patience == 1)


@pytest.mark.parametrize(
    ("optimizer", "enough", "most"), [("sgd", math.inf, 0.0), ("lion", math.inf, -POWER), ("lion", 0.0, 0.0)]
)
def test_every_training_that_was_judged_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimizer: str, enough: float, most: float
) -> None:
    """The journal cut after any of its lines; short heats of Lion follow from the sweep's norms as well."""
    monkeypatch.setattr(confirmation, "ENOUGH", enough)
    ran = trainings.measure(tmp_path, trainings.config(optimizer={"name": optimizer}))
    assert [line["most"] for line in ran.lines("race")] == [most]
    whole = ran.result.confirmation
    assert whole is not None
    raw = (tmp_path / journal.JOURNAL).read_bytes().splitlines(keepends=True)
    known = {(each.steps, round(each.learning_rate, 9)): each.loss for each in whole.candidates}
    counts = []
    for last in range(len(raw)):
        if b'"kind": "judged"' not in raw[last]:
            continue
        (tmp_path / journal.JOURNAL).write_bytes(b"".join(raw[: last + 1]) + raw[last][:30])
        found = recover_result(tmp_path)[0].confirmation
        judged = sum(line.count(b'"judged", "loss": [') for line in raw[: last + 1])
        assert found is not None
        for each in found.candidates:
            assert known[each.steps, round(each.learning_rate, 9)] == each.loss
        counts.append(sum(len(each.loss) for each in found.candidates))
        lanes = sum(len(line["loss"]) for line in ran.lines("judged")[:judged])
        assert counts[-1] > lanes - max(len(each.loss) for each in found.candidates)
        assert whole.spent >= found.spent
    assert counts[-1] == sum(map(len, known.values()))
    assert found.horizons == whole.horizons
    assert found.exponent == whole.exponent


def lines(folder: Path, *said: dict[str, object]) -> None:
    text, mark = "", ""
    for each in said:
        line, mark = to_line(each, mark)
        text += line
    (folder / journal.JOURNAL).write_text(text, encoding="ascii")


HEAD = {"kind": "head", "fingerprint": "f"}
CHUNK = {"kind": "sweep", "start": 0, "learning_rate": [1e-3], "loss": [[1.0]]}
WHOLE = CHUNK | {"gradient_norm": [[1.0]], "update_norm": [[1.0]]}


def test_journals_that_do_not_tell_enough(tmp_path: Path) -> None:
    lines(tmp_path, HEAD)
    with pytest.raises(NothingToJudge, match="killed before anything was measured"):
        recover_result(tmp_path)
    lines(tmp_path, HEAD, WHOLE)
    with pytest.raises(NothingToJudge, match="whose journals tell no more; start the same command again"):
        recover_result(tmp_path)
    lines(tmp_path, HEAD, CHUNK)
    with pytest.raises(InputError, match="does not hold what a journal of a sweep holds"):
        recover_result(tmp_path)
    lines(tmp_path, HEAD | {"facts": {}, "config": {}, "train_steps": 3}, WHOLE)
    with pytest.raises(InputError, match="does not hold what a journal of a sweep holds"):
        recover_result(tmp_path)
    (tmp_path / journal.JOURNAL).write_text("something else\n", encoding="ascii")
    with pytest.raises(InputError, match="is not lrfind's, or torn"):
        recover_result(tmp_path)


def test_lines_that_hold_something_else(tmp_path: Path) -> None:
    """Well-formed, with a right checksum, and not what a run writes: a sentence, whatever it is."""
    trainings.measure(tmp_path, trainings.config())
    whole = journal_lines(tmp_path / journal.JOURNAL)
    odd: list[object] = [None, -1, 10**400, "x", [], {}, [[1]], True]
    for number, line in enumerate(whole):
        key = list(line)[number % len(line)]
        changed = {**line, key: odd[number % len(odd)]}
        lines(tmp_path, *whole[:number], changed, *whole[number + 1 :])
        with suppress(InputError, NothingToJudge):
            recover_result(tmp_path)
