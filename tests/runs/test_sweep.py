"""The wiring, without a command line: what a run measures, journals and calls itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from lrfind.config.schema import Config
from lrfind.core.dataset import Floats
from lrfind.core.errors import InputError, RunError
from lrfind.core.result import Result
from lrfind.engine import devices, train_loop
from lrfind.runs.callbacks import Callback
from lrfind.runs.prepare import Options, RunContext
from lrfind.runs.range_test import REACH
from lrfind.runs.sweep import dry_run, sweep
from lrfind.storage import journal as journals
from lrfind.storage import layout
from tests.support.journals import journal_lines

CONFIG: dict[str, Any] = {
    "model": {"name": "linear"},
    "data": {"name": "friedman", "rows": 200, "batch_size": 20},
    "optimizer": {"name": "sgd"},
    "sweep": {"min_lr": 1e-5, "max_lr": 10.0, "steps": 40, "seeds": 2, "extend": False},
    "confirm": {"enabled": False},
}
"""Of the confirmation there are tests elsewhere."""


@pytest.fixture(autouse=True)
def chunks_of_25(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network this small would take the sweep in one chunk."""
    monkeypatch.setattr(train_loop, "chunk_for", lambda *_: 25)


def config(**sections: dict[str, Any]) -> Config:
    """The tiny config with some keys changed."""
    merged = {name: {**CONFIG.get(name, {}), **changes} for name, changes in sections.items()}
    return Config.model_validate({**CONFIG, **merged})


def render(result: Result, context: RunContext) -> tuple[Result, Mapping[str, bytes]]:
    return result, {layout.RESULT: result.status.encode()}


def measure(folder: Path, given: Config, callback: Callback | None = None, **options: Any) -> Result:
    """A run in a folder."""
    where = Options(out=folder, **options)
    return sweep(given, "name", render, where, callback or Callback())[0]


def journal(folder: Path, name: str = journals.JOURNAL) -> list[dict[str, Any]]:
    return journal_lines(folder / name)


def numbers(rows: list[list[Any]]) -> Floats:
    return np.array([[float(value) for value in row] for row in rows])


class Watching(Callback):
    """A watcher who remembers, and may press Ctrl-C after some chunks."""

    def __init__(self, patience: int = 10**6) -> None:
        self.patience = patience
        self.phases: list[str] = []
        self.climbed: list[int] = []

    def phase(self, name: str) -> None:
        self.phases.append(name)

    def on_sweep_chunk(self, learning_rate: Floats, done: int, loss: float) -> None:
        self.climbed.append(done)
        if len(self.climbed) >= self.patience:
            raise KeyboardInterrupt


def test_the_journal_holds_the_curve(tmp_path: Path) -> None:
    callback = Watching()
    result = measure(tmp_path, config(), callback)
    head, execution, *chunks, end = journal(tmp_path)
    assert head["kind"] == "head"
    assert head["config"] == result.config
    assert execution == {"kind": "execution", **asdict(result.sweep.execution)}
    assert end == {"kind": "end", "status": "complete"}
    assert [chunk["start"] for chunk in chunks] == [0, 25]
    for key in ("loss", "gradient_norm", "update_norm"):
        whole = np.concatenate([numbers(chunk[key]) for chunk in chunks], axis=1)
        np.testing.assert_array_equal(whole, getattr(result.sweep, key))
    rates = [rate for chunk in chunks for rate in chunk["learning_rate"]]
    assert rates == result.sweep.learning_rate.tolist()
    assert callback.phases == ["import", "data", "compile", "sweep", "render"]
    assert callback.climbed == [25, 40]


def test_the_journal_spells_what_is_not_finite(tmp_path: Path) -> None:
    measure(tmp_path, config(sweep={"max_lr": 1e30, "min_lr": 1e10}))
    rows = [row for line in journal(tmp_path) if line["kind"] == "sweep" for row in line["loss"]]
    losses = [value for row in rows for value in row]
    assert {value for value in losses if isinstance(value, str)} <= {"nan", "inf", "-inf"}
    assert not all(math.isfinite(float(value)) for value in losses)


def test_same_config_same_bits(tmp_path: Path) -> None:
    first, second = (measure(tmp_path / name, config()) for name in "ab")
    np.testing.assert_array_equal(first.sweep.loss, second.sweep.loss)
    assert first.recommendation == second.recommendation
    assert journals.fingerprint_of(tmp_path / "a") == journals.fingerprint_of(tmp_path / "b")


def mark(folder: Path, given: Config, **options: Any) -> str:
    measure(folder, given, **options)
    found = journals.fingerprint_of(folder)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "changed",
    [
        config(optimizer={"clip_norm": 1.0}),
        config(sweep={"steps": 41}),
        config(sweep={"method": "valley"}),
        config(data={"noise": 0.5}),
        config(confirm={"budget": 100}),
        Config.model_validate({**CONFIG, "seed": 1}),
    ],
    ids=["optimizer", "steps", "method", "data", "confirm", "seed"],
)
def test_another_config_is_another_run(tmp_path: Path, changed: Config) -> None:
    assert mark(tmp_path / "a", config()) != mark(tmp_path / "b", changed)


def test_a_bound_makes_another_run_and_the_rate_does_not(tmp_path: Path) -> None:
    base = mark(tmp_path / "a", config())
    assert mark(tmp_path / "b", config(), high=10.0) != base
    assert mark(tmp_path / "c", config(), low=1e-5) != base
    assert mark(tmp_path / "d", config(optimizer={"learning_rate": 0.1})) == base


def test_other_data_or_versions_are_another_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def npz(shift: float) -> Config:
        rng = np.random.default_rng(0)
        np.savez(tmp_path / "d.npz", x=rng.normal(size=(100, 3)) + shift, y=rng.normal(size=100))
        data = {"name": "npz", "path": str(tmp_path / "d.npz"), "batch_size": 20}
        return Config.model_validate({**CONFIG, "data": data})

    base = mark(tmp_path / "a", npz(0.0))
    assert mark(tmp_path / "b", npz(0.0)) == base
    assert mark(tmp_path / "c", npz(1.0)) != base
    versions = devices.environment()
    monkeypatch.setattr(devices, "environment", lambda: {**versions, "jax": "0.0.1"})
    assert mark(tmp_path / "d", npz(0.0)) != base


def test_interrupted_after_a_chunk(tmp_path: Path) -> None:
    result = measure(tmp_path, config(), Watching(patience=1))
    assert result.status == "interrupted"
    assert result.sweep.loss.shape == (2, 25)
    assert result.warnings[0].startswith("interrupted after 25 steps, at a rate of ")
    assert journal(tmp_path)[-1] == {"kind": "end", "status": "interrupted"}
    assert (tmp_path / layout.RESULT).read_bytes() == b"interrupted"


def test_an_interrupted_run_does_not_take_the_place_of_a_finished_one(tmp_path: Path) -> None:
    measure(tmp_path, config())
    before = journal(tmp_path)
    assert measure(tmp_path, config(), Watching(patience=1)).status == "interrupted"
    assert (tmp_path / layout.RESULT).read_bytes() == b"complete"
    assert journal(tmp_path) == before
    assert journal(tmp_path, journals.NEXT_JOURNAL)[-1]["status"] == "interrupted"


def test_an_interrupted_one_makes_room(tmp_path: Path) -> None:
    measure(tmp_path, config(), Watching(patience=1))
    measure(tmp_path, config())
    assert (tmp_path / layout.RESULT).read_bytes() == b"complete"


def test_interrupted_before_the_first_chunk(tmp_path: Path) -> None:
    class Hasty(Callback):
        def phase(self, name: str) -> None:
            if name == "sweep":
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(tmp_path, config(), Hasty())
    assert not (tmp_path / layout.RESULT).exists()
    assert not (tmp_path / ".owner").exists()


def test_extension_upwards_and_its_bound(tmp_path: Path) -> None:
    short = {"max_lr": 1e-3, "extend": True}
    free = measure(tmp_path / "a", config(sweep=short))
    assert free.sweep.learning_rate[-1] > 1e-3
    assert any("so the sweep went on to" in warning for warning in free.warnings)
    bound = measure(tmp_path / "b", config(sweep=short), high=1e-3)
    assert bound.sweep.learning_rate[-1] == pytest.approx(1e-3)
    assert len(bound.sweep.learning_rate) == 40


def test_a_second_climb_from_lower_down(tmp_path: Path) -> None:
    high = {"min_lr": 3.0, "max_lr": 1000.0, "extend": True}
    result = measure(tmp_path / "a", config(sweep=high))
    assert result.sweep.learning_rate[0] == pytest.approx(3.0 / REACH)
    assert "was measured again from" in result.warnings[0]
    starts = [line["start"] for line in journal(tmp_path / "a") if line["kind"] == "sweep"]
    assert starts.count(0) == 2
    bound = measure(tmp_path / "b", config(sweep=high), low=3.0)
    assert bound.sweep.learning_rate[0] == pytest.approx(3.0)


def test_rehearsal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    facts = dry_run(config(), Options(cache=False), Callback())
    assert (facts["parameters"], facts["lanes"], facts["sweep_steps"], facts["train_steps"]) == (11, 2, 40, 1000)
    assert facts["memory_bytes"] >= 200 * 11 * 4
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "memory ran out; lower data.batch_size, sweep.seeds or the model's size"),
        (jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: 9 GB\nmore"), "memory ran out; lower data.batch_size"),
        (jax.errors.JaxRuntimeError("INTERNAL: odd\nmore"), "the run failed inside of JAX: INTERNAL: odd$"),
    ],
)
def test_failures_become_sentences(error: Exception, said: str) -> None:
    with pytest.raises(RunError, match=said) as caught, devices.failures():
        raise error
    assert caught.value.__cause__ is error


def test_clock_adds_up() -> None:
    context = RunContext(Callback())
    for _ in range(2):
        with context.timed("sweep"):
            pass
    timing = context.timing()
    assert 0 < timing.sweep <= timing.total
    assert timing.compile == 0


def test_where_memory_ran_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data are the config's to change; a model that is too large is found before there is a run directory."""
    from lrfind.task.models.mlp import Linear

    def too_large(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Linear, "init", too_large)
    with pytest.raises(RunError, match="memory ran out; lower"):
        measure(tmp_path / "a", config())
    monkeypatch.setattr("lrfind.task.task.prepare", too_large)
    with pytest.raises(InputError, match="there is no memory for the data") as caught:
        measure(tmp_path / "a", config())
    assert caught.value.key == "data"
    assert not (tmp_path / "a").exists()
