"""What a run is known by, how another is described, and what one that is carried on is held to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lrfind.analysis.build_result import Peak
from lrfind.config.load import load
from lrfind.core.errors import RunError
from lrfind.core.result import Result
from lrfind.engine import devices, train_loop
from lrfind.report.sweep import result_json
from lrfind.runs import sweep as run
from lrfind.runs.callbacks import Callback
from lrfind.runs.identity import other_run
from lrfind.runs.prepare import Options, RunContext
from lrfind.runs.train import train
from lrfind.storage import claim, journal, layout, run_directory
from lrfind.task.user_code.loader import ImportPolicy
from tests.support.journals import journal_lines

CODE = """\
import pathlib
import numpy as np
import jax.numpy as jnp

HERE = pathlib.Path(__file__).parent

def stream(seed):
    rng = np.random.default_rng(seed)
    for number in range(60):
        rows = rng.normal(size=(16, 3)).astype(np.float32)
        for place in (0, 1):  # what is in the file is added to two batches
            at, what = np.load(HERE / "data.npy")[place]
            rows += np.float32(what) * (number == at)
        yield rows, rows.sum(axis=1, keepdims=True)

def held_out(seed):
    for number in range(20):
        rows = np.full((16, 3), number / 10, np.float32)
        yield rows + np.float32(np.load(HERE / "held_out.npy")) * (number == 12), rows.sum(axis=1, keepdims=True)

def build():
    start, scale = np.load(HERE / "weights.npy"), np.load(HERE / "scale.npy")

    def loss(params, batch):
        return scale * jnp.mean((batch[0] @ params - batch[1]) ** 2)

    return loss, start
"""

CONFIG = """\
model: {target: "mine.py:build"}
data: {target: "mine.py:stream", validation: "mine.py:held_out"}
optimizer: {name: sgd, learning_rate: 0.01}
sweep: {steps: 42, seeds: 2, min_lr: 1e-4, max_lr: 0.1, extend: false}
confirm: {budget: 900}
train: {steps: 42}
"""

CHUNK = 7


class Impatient(Callback):
    """Who presses Ctrl-C after some chunks of the sweep, of the confirmation, or never."""

    def __init__(self, sweep: int = 10**6, confirm: int = 10**6) -> None:
        self.left = {"sweep": sweep, "confirm": confirm}

    def on_sweep_chunk(self, *_: Any) -> None:
        self.count("sweep")

    def on_rung_chunk(self, *_: Any) -> None:
        self.count("confirm")

    def count(self, kind: str) -> None:
        self.left[kind] -= 1
        if self.left[kind] == 0:
            raise KeyboardInterrupt


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's code and files; a state is saved after every chunk."""
    monkeypatch.setattr(train_loop, "chunk_for", lambda *_: CHUNK)
    monkeypatch.setattr(run_directory, "STATE_EVERY", 0.0)
    monkeypatch.setattr(run_directory, "STATE_SHARE", 0.0)
    (tmp_path / "mine.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "own.yaml").write_text(CONFIG, encoding="utf-8")
    np.save(tmp_path / "data.npy", np.zeros((2, 2)))
    np.save(tmp_path / "held_out.npy", 0.0)
    np.save(tmp_path / "weights.npy", np.zeros((3, 1), np.float32))
    np.save(tmp_path / "scale.npy", np.float32(1))
    return tmp_path


def swept(folder: Path, callback: Callback | None = None) -> bytes:
    """The curve of a run of the folder's config; empty where it was interrupted."""

    def render(result: Result, context: RunContext) -> tuple[Result, Mapping[str, bytes]]:
        return result, {
            layout.CURVE: result_json.to_csv(result).encode(),
            layout.RESULT: result_json.to_json(result).encode(),
        }

    options = Options(out=folder / "run", policy=ImportPolicy(folders=(folder,)))
    run.sweep(load(str(folder / "own.yaml")).config, "own", render, options, callback or Callback())
    return (folder / "run" / layout.CURVE).read_bytes()


def trained(folder: Path, callback: Callback | None = None) -> list[float]:
    """The losses of a training of the folder's config."""
    options = Options(out=folder / "run", policy=ImportPolicy(folders=(folder,)))
    given = load(str(folder / "own.yaml")).config
    peak = Peak(0.01, "here")
    training, _ = train(given, "own", peak, lambda each, _: (each, {}), options, callback or Callback())
    return training.loss.tolist()


@pytest.mark.parametrize("chunks", [{"sweep": 4}, {"confirm": 2}])
def test_unchanged_files_end_in_the_same_bits(mine: Path, chunks: dict[str, int]) -> None:
    whole = swept(mine)
    for left in (mine / "run").iterdir():
        left.unlink()
    swept(mine, Impatient(**chunks))
    assert swept(mine) == whole
    lines = journal_lines(mine / "run" / journal.JOURNAL)
    own = [line["start"] + len(line["sums"]) // 8 for line in lines if line["kind"] == "batches" and line["seed"] == 0]
    assert own == sorted(set(own)), "each batch is written down once"


CHANGED = {
    "a batch that was trained on": (
        "data.npy",
        [[20, 1.0], [0, 0]],
        "the batches of .*mine.py:stream are not .* batch 20 on",
    ),
    "two of them": ("data.npy", [[27, 1.0], [11, 1.0]], "batch 11 on; --fresh begins anew"),
    "a batch that was judged by": ("held_out.npy", 1.0, "the batches of data.validation are not .* from batch 12 on"),
    "the weights": ("weights.npy", np.ones((3, 1), np.float32), "the starting weights are not those of the run"),
    "the loss": ("scale.npy", np.float32(2), "steps 0 to 6 of the sweep do not come out as the journal has them"),
}


@pytest.mark.parametrize("what", CHANGED)
def test_a_sweep_over_changed_files_is_not_carried_on(mine: Path, what: str) -> None:
    name, content, said = CHANGED[what]
    swept(mine, Impatient(sweep=4))
    np.save(mine / name, content)
    for _ in range(2):
        with pytest.raises(RunError, match=said):
            swept(mine)


def test_a_training_over_changed_files_is_not_carried_on(mine: Path) -> None:
    whole = trained(mine)
    for left in (mine / "run").iterdir():
        left.unlink()
    trained(mine, Impatient(sweep=3))
    np.save(mine / "data.npy", [[15, 1.0], [0, 0]])
    with pytest.raises(RunError, match=r"the batches of .*mine.py:stream are not .* batch 15 on"):
        trained(mine)
    np.save(mine / "data.npy", np.zeros((2, 2)))
    np.save(mine / "scale.npy", np.float32(2))
    with pytest.raises(RunError, match="steps 0 to 5 of the train do not come out"):
        trained(mine)
    np.save(mine / "scale.npy", np.float32(1))
    assert trained(mine) == whole


def test_batches_that_nobody_saw_may_change(mine: Path) -> None:
    swept(mine, Impatient(sweep=2))
    np.save(mine / "data.npy", [[58, 1.0], [59, 1.0]])
    swept(mine, Impatient(sweep=4))


PARTS: dict[str, Any] = {
    "config": {"seed": 0, "optimizer": {"name": "sgd", "learning_rate": 1.0}},
    "data": "a",
    "machine": "b",
    "settings": {"usable_cores": 2, "XLA_FLAGS": ""},
    "environment": {"jax": "0.10", "device_count": 1},
    "bounds": [None, None],
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"settings": {"usable_cores": 1, "XLA_FLAGS": ""}}, "usable_cores is 1 here, 2 in the run"),
        ({"settings": {"usable_cores": 2}}, 'XLA_FLAGS is left out here, "" in the run'),
        ({"environment": {"jax": "0.11", "device_count": 1}}, 'jax is "0.11" here, "0.10" in the run'),
        ({"data": "c"}, "other data"),
        ({"machine": "c"}, "another kind of processor"),
        ({"data": "c", "machine": "c"}, "other data; another kind of processor"),
        (
            {"data": "c", "settings": {}, "machine": "c"},
            "other data; another kind of processor; usable_cores is left out here, 2 in the run; 1 more",
        ),
    ],
)
def test_what_differs_is_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with claim.open_run(tmp_path, "mark", PARTS, own=True, fresh=False):
        pass
    here = {**PARTS, "config": {"seed": 0, "optimizer": {"name": "sgd", "learning_rate": 2.0}}, **changes}
    assert other_run(here, tmp_path) == f"a run of this config under other conditions ({said})"


def test_a_run_of_an_earlier_version_is_called_one(tmp_path: Path) -> None:
    known = {name: part for name, part in PARTS.items() if name != "settings"}
    with claim.open_run(tmp_path, "mark", known, own=True, fresh=False):
        pass
    described = "a run of this config under other conditions (recorded by an earlier version of lrfind)"
    assert other_run(PARTS, tmp_path) == described


@pytest.mark.parametrize(
    "changes", [{"config": {"seed": 1, "optimizer": {}}, "data": "c"}, {"bounds": [1.0, None]}, {}]
)
def test_another_config_is_called_one(tmp_path: Path, changes: dict[str, Any]) -> None:
    with claim.open_run(tmp_path, "mark", PARTS, own=True, fresh=False):
        pass
    assert other_run(PARTS | changes, tmp_path) == "the run of another config"
    assert other_run(PARTS | changes, tmp_path / "gone") == "the run of another config"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("--xla_a=1 --xla_b=2", "  --xla_b=2  --xla_a=1", True),
        ("--xla_a=1 --xla_a=2", "--xla_a=2", True),
        ("--xla_a", "--xla_a=true", True),
        ("--xla_a=0", "--xla_a=False", True),
        ("--xla_dump_to=/tmp/x", "", True),
        ("--xla_a=2 --xla_a=1", "--xla_a=2", False),
        ("--xla_a=false", "", False),
    ],
)
def test_flags_of_xla_are_compared_by_what_they_say(one: str, other: str, same: bool) -> None:
    assert (devices.xla_flags(one) == devices.xla_flags(other)) is same


def test_flags_of_xla_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "flags").write_text("--xla_b=2\n--xla_a=1\n", encoding="utf-8")
    assert devices.xla_flags(str(tmp_path / "flags")) == devices.xla_flags("--xla_a=1 --xla_b=2")


def test_settings_can_be_written_down() -> None:
    found = devices.settings()
    assert json.loads(json.dumps(found)) == found
    assert {"usable_cores", "XLA_FLAGS", "jax_enable_x64", "jax_default_matmul_precision"} <= found.keys()
    assert not [name for name in found if "cache" in name or "log" in name]
