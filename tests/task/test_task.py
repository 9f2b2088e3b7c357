"""From a config to what the engine runs: every model with every data set and every loss."""

from __future__ import annotations

import dataclasses
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest

from lrfind.config.schema import Config
from lrfind.core.errors import InputError
from lrfind.core.registry import DATA, LOSSES, MODELS
from lrfind.engine.evaluation import AT_ONCE
from lrfind.engine.train_loop import IN_FLIGHT, TrainLoop
from lrfind.engine.trainer import LaneRun
from lrfind.task.batch_source import TaskBatches, of_dataset, rows_of
from lrfind.task.data import rows as lazy_rows
from lrfind.task.task import Task, make

MODEL: dict[str, dict[str, Any]] = {
    "linear": {"name": "linear"},
    "mlp": {"name": "mlp", "hidden": [7], "norm": "layer"},
    "cnn": {"name": "cnn", "channels": [3], "norm": "batch"},
    "resnet": {"name": "resnet", "stages": [1], "width": 3},
    "transformer": {"name": "transformer", "layers": 1, "heads": 1, "width": 4, "context": 9},
}
IMAGES = ("digits", "images", "npz", "npy")
"""Data sets of images."""
VALUES = dict.fromkeys(("mse", "mae", "huber"), 1)
FITS: dict[str, dict[str, int]] = {
    "digits": {"cross_entropy": 10, **VALUES},
    "classification": {"cross_entropy": 3, **VALUES},
    "images": {"cross_entropy": 2, "binary_cross_entropy": 1, **VALUES},
    "quadratic": VALUES,
    "friedman": VALUES,
    "npz": {"cross_entropy": 3, **VALUES},
    "npy": {"binary_cross_entropy": 2, **dict.fromkeys(VALUES, 2)},
    "csv": {"cross_entropy": 3},
    "parquet": {"cross_entropy": 2, "binary_cross_entropy": 1, **VALUES},
    "text": {"cross_entropy": 256},
}
"""The losses that go with each data set, and the outputs they ask for."""


def readable(model: str, data: str) -> bool:
    """Whether the model can read the data."""
    if model == "transformer" or data == "text":
        return (model, data) == ("transformer", "text")
    return model in ("linear", "mlp") or data in IMAGES


@pytest.fixture(scope="module")
def sections(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("data")
    x = np.arange(120.0).reshape(30, 2, 2) / 120
    np.savez(folder / "mine.npz", x=x, y=np.arange(30) % 3)
    np.save(folder / "x.npy", (255 * x).astype(np.uint8))
    np.save(folder / "y.npy", np.stack([np.arange(30) % 2, np.arange(30) % 3 == 0], axis=1))
    rows = "".join(f"{row},{row * row},{'abc'[row % 3]}\n" for row in range(30))
    (folder / "mine.csv").write_text(f"u,v,label\n{rows}", encoding="utf-8")
    files = {name: str(folder / name) for name in ("mine.npz", "mine.csv", "mine.parquet", "x.npy", "y.npy")}
    if find_spec("pyarrow"):
        from pyarrow import parquet, table

        columns = {"u": np.arange(30.0), "v": np.arange(30) ** 2, "label": np.arange(30) % 2}
        parquet.write_table(table(columns), files["mine.parquet"])
    return {
        "digits": {"name": "digits"},
        "classification": {"name": "classification", "rows": 40, "features": 5, "classes": 3},
        "images": {"name": "images", "rows": 40, "size": 8, "channels": 2, "classes": 2},
        "quadratic": {"name": "quadratic", "rows": 40, "features": 6},
        "friedman": {"name": "friedman", "rows": 40, "features": 6},
        "npz": {"name": "npz", "path": files["mine.npz"], "batch_size": 10},
        "npy": {"name": "npy", "inputs": files["x.npy"], "targets": files["y.npy"]},
        "csv": {"name": "csv", "path": files["mine.csv"], "targets": "label", "standardize": True},
        "parquet": {"name": "parquet", "path": files["mine.parquet"], "targets": "label", "standardize": True},
        "text": {"name": "text"},
    }


def config(model: dict[str, Any], data: dict[str, Any], **others: Any) -> Config:
    given = {"optimizer": {"name": "adam"}, "sweep": {"seeds": 2}, **others}
    return Config.model_validate({"model": model, "data": {"batch_size": 16, **data}, **given})


def plan_of(**others: Any) -> Task:
    return make(config(MODEL["mlp"], {"name": "friedman", "rows": 40}, **others))


def test_every_model_and_data_set_is_tested(sections: dict[str, dict[str, Any]]) -> None:
    assert (set(MODEL), set(sections), set(FITS)) == (set(MODELS), set(DATA), set(DATA))
    assert {loss for losses in FITS.values() for loss in losses} == set(LOSSES)


def computed(model: str, data: str, loss: str) -> bool:
    """Whether the loss is computed: every data set with the simplest model and every loss, and every model on the first
    data set that it reads; of other combinations the shapes are enough."""
    simplest = next(name for name in MODEL if readable(name, data))
    first = next(name for name in DATA if readable(model, name))
    return model == simplest or (data == first and loss == next(iter(FITS[data])))


def needed(data: str) -> None:
    """Skip what reads a file with a library that may be missing."""
    if data == "parquet":
        pytest.importorskip("pyarrow")


@pytest.mark.parametrize(
    ("model", "data", "loss"),
    [(model, data, loss) for model in MODELS for data in DATA for loss in FITS[data] if readable(model, data)],
)
def test_what_fits_together_has_a_finite_loss(
    model: str, data: str, loss: str, sections: dict[str, dict[str, Any]]
) -> None:
    needed(data)
    task = make(config(MODEL[model], sections[data], loss=loss))
    params, state = task.objective.model.init(np.zeros(2, np.uint32))
    rows = task.batches.order.indices(0, 0, 1)[0]
    batch = task.batches.dataset.train.inputs[rows], task.batches.dataset.train.targets[rows]
    loss_of, key = task.objective.model.loss, np.zeros(2, np.uint32)
    if computed(model, data, loss):
        value, (after, _) = jax.jit(loss_of, static_argnums=4)(params, state, batch, key, True)
        assert np.isfinite(float(value))
    else:
        value, (after, _) = jax.eval_shape(lambda *given: loss_of(*given, True), params, state, batch, key)
    assert value.shape == ()
    assert jax.tree.structure(after) == jax.tree.structure(state)
    assert task.batches.dataset.outputs == FITS[data][loss]
    assert task.report.memory_bytes() > task.batches.dataset.train.inputs.nbytes + 2 * 3 * 4 * task.objective.parameters
    assert task.report.memory_bytes() < 1.1 * (2 * 3 * 4 * task.objective.parameters + 100) + 4 * (
        task.batches.dataset.train.inputs.size * 2 + 4000
    )


@pytest.mark.parametrize(("data", "loss"), [(data, loss) for data in DATA for loss in LOSSES if loss not in FITS[data]])
def test_what_does_not_fit_is_refused(data: str, loss: str, sections: dict[str, dict[str, Any]]) -> None:
    needed(data)
    with pytest.raises(InputError, match=r"cross_entropy|loss: mse") as caught:
        make(config(MODEL["transformer" if data == "text" else "linear"], sections[data], loss=loss))
    assert caught.value.key in ("data.targets", "loss")


@pytest.mark.parametrize(
    ("model", "data"), [(model, data) for model in MODELS for data in DATA if not readable(model, data)]
)
def test_a_model_that_cannot_read_the_data_is_refused(
    model: str, data: str, sections: dict[str, dict[str, Any]]
) -> None:
    needed(data)
    with pytest.raises(InputError, match=r"use linear|use transformer") as caught:
        make(config(MODEL[model], sections[data]))
    assert caught.value.key == "model.name"


def test_the_sentences_of_what_cannot_be_read(sections: dict[str, dict[str, Any]]) -> None:
    def refusal(model: str, data: str) -> str:
        with pytest.raises(InputError) as caught:
            make(config(MODEL[model], sections[data]))
        return str(caught.value)

    assert refusal("cnn", "friedman") == (
        "cnn reads images, (height, width, channels) or (height, width), and a row of inputs of friedman is of shape "
        "(6,); use linear or mlp, or give the inputs that shape"
    )
    assert refusal("transformer", "digits") == (
        "transformer reads tokens, and the inputs of digits are numbers, 8x8 to a row; use linear, mlp, cnn or resnet, "
        "or the data text"
    )
    assert refusal("transformer", "friedman") == (
        "transformer reads tokens, and the inputs of friedman are numbers, 6 to a row; use linear or mlp, or the data "
        "text"
    )
    assert refusal("mlp", "text") == "mlp reads numbers, and text is text, read as tokens; use transformer"


class TestText:
    def text(self, **data: Any) -> Task:
        return make(config(MODEL["transformer"], {"name": "text", **data}))

    def test_windows_are_as_long_as_the_context(self) -> None:
        task = self.text()
        assert task.batches.dataset.input_shape == (9,)
        assert task.batches.dataset.validation is not None
        kept, held_out = task.batches.dataset.train.rows, task.batches.dataset.validation.rows
        assert task.batches.source.describe() == (
            f"text: {kept:,} windows of 9 to train on, {held_out:,} held out, 256 tokens"
        )
        assert kept + held_out == (148_410 - 1) // 9
        assert self.text(context=4).batches.dataset.input_shape == (4,)
        with pytest.raises(InputError, match="must be at most the model's context, 9; got 10") as caught:
            self.text(context=10)
        assert caught.value.key == "data.context"

    def test_the_loss_of_the_best_constant_answer_is_the_entropy_of_the_bytes(self, tmp_path: Path) -> None:
        (tmp_path / "t.txt").write_bytes(b"aab" * 400)
        task = self.text(path=str(tmp_path / "t.txt"), validation_fraction=0)
        assert task.report.constant_loss == pytest.approx(entropy(1 / 3), rel=1e-4)
        assert task.batches.dataset.name == "t.txt"

    def test_memory_is_that_of_bytes(self) -> None:
        task = self.text()
        assert task.report.memory_bytes() == pytest.approx(
            2 * 148_410 + 2 * 3 * 4 * task.objective.parameters, rel=0.01
        )


def test_forward_passes_take_fewer_rows_where_rows_are_wide(sections: dict[str, dict[str, Any]]) -> None:
    assert make(config(MODEL["mlp"], sections["digits"])).objective.rows_at_once == AT_ONCE
    wide = make(config({"name": "resnet", "stages": [1], "width": 16}, {"name": "images", "size": 64, "rows": 20}))
    assert wide.objective.rows_at_once == 2**24 // (9 * 64 * 64 * 16) < AT_ONCE
    assert dataclasses.replace(wide.objective, network=SimpleNamespace(widest=10**9)).rows_at_once == 1


@pytest.mark.parametrize("data", [data for data in DATA if data != "text"])
def test_data_are_rows_of_floats_and_the_same_each_time(data: str, sections: dict[str, dict[str, Any]]) -> None:
    needed(data)
    given = config(MODEL["linear"], sections[data])
    task = make(given)
    assert task.objective.loss == next(iter(FITS[data])) if data != "npy" else "mse"
    train = task.batches.dataset.train
    assert train.inputs.dtype == np.float32
    assert np.isfinite(train.inputs).all()
    assert np.abs(train.inputs).max() < 10
    assert len(train.inputs) == len(train.targets)
    assert task.batches.source.digest() == make(given).batches.source.digest()
    assert task.batches.dataset.name == {
        "npz": "mine.npz",
        "npy": "x.npy",
        "csv": "mine.csv",
        "parquet": "mine.parquet",
    }.get(data, data)
    assert (task.batches.dataset.validation is None) == (data == "quadratic")


def entropy(p: float) -> float:
    return -p * np.log(p) - (1 - p) * np.log(1 - p)


def test_the_loss_of_the_best_constant_answer(sections: dict[str, dict[str, Any]]) -> None:
    whole = {**sections["npy"], "validation_fraction": 0}
    task = make(config(MODEL["linear"], whole, loss="binary_cross_entropy"))
    assert task.report.constant_loss == pytest.approx((entropy(1 / 2) + entropy(1 / 3)) / 2)
    same = dataclasses.replace(task.batches.dataset.train, targets=np.ones((24, 1), np.float32))
    source = of_dataset(dataclasses.replace(task.batches.dataset, train=same), 8)
    certain = dataclasses.replace(task, batches=TaskBatches(task.config, source))
    assert certain.report.constant_loss == 0
    labels = make(config(MODEL["linear"], {**sections["npz"], "validation_fraction": 0}))
    assert labels.report.constant_loss == pytest.approx(np.log(3))


def test_cross_entropy_is_refused_for_values() -> None:
    with pytest.raises(InputError) as caught:
        plan_of(loss="cross_entropy")
    assert caught.value.key == "data.targets"
    assert str(caught.value) == (
        "labels must be integers of shape (rows,), and targets is float32 of shape (40, 1); convert them "
        "(for values to be predicted use 'loss: mse')"
    )


@pytest.mark.parametrize("name", ["sgd", "adam", "adafactor", "muon"])
def test_shapes_are_those_of_the_starts(name: str) -> None:
    task = plan_of(optimizer={"name": name, "clip_norm": 1.0})
    starts = task.starts("cpu")
    assert len(starts) == len(task.shapes()) == 2
    for start, shape in zip(starts, task.shapes(), strict=True):
        assert jax.tree.structure(start) == jax.tree.structure(shape)
        assert jax.tree.leaves(jax.tree.map(lambda a: (a.shape, a.dtype), start)) == jax.tree.leaves(
            jax.tree.map(lambda a: (a.shape, a.dtype), shape)
        )


def test_the_seed_fixes_the_starts_and_the_batches() -> None:
    first, again, other = plan_of(seed=3), plan_of(seed=3), plan_of(seed=4)
    (a, b), (c, _), (d, _) = (task.starts("cpu") for task in (first, again, other))
    jax.tree.map(np.testing.assert_array_equal, a, c)
    for different in (b, d):
        assert not np.array_equal(a.params[0]["weight"], different.params[0]["weight"])
    np.testing.assert_array_equal(first.batches.feed().draw(1, 0, 9).rows, again.batches.feed().draw(1, 0, 9).rows)
    assert not np.array_equal(first.batches.feed().draw(0, 0, 9).rows, first.batches.feed().draw(1, 0, 9).rows)
    assert first.batches.source.digest() == again.batches.source.digest() == other.batches.source.digest(), (
        "what is held out does not move with the seed"
    )


def test_the_feed_gives_rows_of_the_training_part() -> None:
    task = plan_of(optimizer={"name": "sgd", "accumulate": 3})
    feed = task.batches.feed()
    draw = feed.draw(1, 5, 7)
    assert (draw.rows.shape, draw.keys.shape) == ((2, 3, 16), (2, 2))
    inputs, targets = jax.jit(feed.select)(feed.data, draw.rows[0])
    np.testing.assert_array_equal(inputs, task.batches.dataset.train.inputs[draw.rows[0]])
    np.testing.assert_array_equal(targets, task.batches.dataset.train.targets[draw.rows[0]])


def test_accumulated_and_large_batches_give_the_same_curve() -> None:
    sizes = {1: 64, 4: 16}
    losses, rows = {}, {}
    for accumulate, size in sizes.items():
        given = config(
            {"name": "mlp", "hidden": [16], "activation": "tanh"},
            {"name": "digits", "batch_size": size},
            optimizer={"name": "sgd", "momentum": 0.9, "clip_norm": 5.0, "accumulate": accumulate},
            confirm={"enabled": False},
        )
        task = make(given)
        train_loop = TrainLoop(task.step, task.batches.feed(), "cpu", chunk=60, lane_steps=60)
        [chunk] = train_loop.train(LaneRun(task.starts("cpu"), np.tile(np.geomspace(1e-4, 30, 60)[:, None], 2)))
        losses[accumulate], rows[accumulate] = chunk.loss, task.batches.order.indices(0, 0, 60).reshape(60, 64)
    np.testing.assert_array_equal(rows[1], rows[4])
    for large, small in zip(losses[1], losses[4], strict=True):
        lowest = int(large.argmin())
        assert lowest > 30
        np.testing.assert_allclose(small[: lowest + 1], large[: lowest + 1], rtol=1e-5)


def test_rows_of_every_array() -> None:
    a, b = jax.jit(rows_of)((np.arange(5), np.arange(10).reshape(5, 2)), np.array([3, 0]))
    assert (a.tolist(), b.tolist()) == ([3, 0], [[6, 7], [0, 1]])


def test_length_and_size() -> None:
    task = plan_of(train={"epochs": 10})
    assert task.train_steps == 10 * (32 // 16)
    assert plan_of(train={"steps": 77}).train_steps == 77
    assert task.objective.parameters == 10 * 7 + 7 + 7 + 7 + 7 + 1
    assert task.batches.seeds == (0, 1)


def test_descriptions(sections: dict[str, dict[str, Any]]) -> None:
    digits = make(config(MODEL["linear"], sections["digits"]))
    assert digits.batches.source.describe() == "digits: 1,438 rows to train on, 359 held out, inputs 8x8, 10 classes"
    none = make(config(MODEL["linear"], {**sections["npz"], "validation_fraction": 0}, loss="mse"))
    assert none.batches.source.describe() == "mine.npz: 30 rows to train on, 0 held out, inputs 2x2, 1 target"


def test_a_plan_is_made_from_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no file .*gone\.npz") as caught:
        make(config(MODEL["linear"], {"name": "npz", "path": str(tmp_path / "gone.npz")}))
    assert caught.value.key == "data.path"


def test_a_plan_whose_data_stay_on_the_disk(
    sections: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = config(MODEL["linear"], sections["npy"], optimizer={"name": "sgd", "accumulate": 3})
    whole = make(given)
    monkeypatch.setattr(lazy_rows, "LARGEST", 0)
    task = make(given)
    assert task.batches.source.describe() == f"{whole.batches.source.describe()}, read from the disk batch by batch"
    assert (task.batches.bytes_per_step, whole.batches.bytes_per_step) == (2 * 3 * 16 * (4 + 2) * 4, 0)
    assert task.report.memory_bytes() - whole.report.memory_bytes() == 2 * IN_FLIGHT - 30 * (4 + 2) * 4
    assert task.report.constant_loss == whole.report.constant_loss
    feed, other = task.batches.feed(), whole.batches.feed()
    assert not jax.tree.leaves(feed.data)
    found, wanted = feed.draw(1, 5, 7), other.draw(1, 5, 7)
    np.testing.assert_array_equal(found.keys, wanted.keys)
    for step in range(2):
        for batch, rows in zip(
            feed.select(feed.data, jax.tree.map(lambda leaf, step=step: leaf[step], found.rows)),
            jax.jit(other.select)(other.data, wanted.rows[step]),
            strict=True,
        ):
            np.testing.assert_array_equal(batch, rows)
