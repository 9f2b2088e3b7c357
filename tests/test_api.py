"""`lrfind.find`: quiet, harmless, and the same run as a config's."""

from __future__ import annotations

import doctest
import functools
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import lrfind
from lrfind import api
from lrfind.core.errors import InputError, OwnCodeError, RunError

X = np.random.default_rng(0).normal(size=(120, 3))
Y = X @ np.array([1.0, -2.0, 0.5])
WIDER = {"seeds": 2, "sweep_steps": 40, "max_lr": 10.0}
QUICK: dict[str, Any] = {"sweep_steps": 12, "min_lr": 1e-3, "max_lr": 1.0, "seeds": 1, "confirm": False, "steps": 30}


def loss_fn(params: Any, batch: Any) -> Any:
    inputs, targets = batch
    return jnp.mean((inputs @ params["w"] - targets) ** 2)


def params() -> dict[str, Any]:
    return {"w": np.zeros(3)}


def test_the_example_in_its_docstring() -> None:
    ran = doctest.testmod(api, verbose=False)
    assert ran.attempted > 3
    assert ran.failed == 0


def test_quiet_and_harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    mine, data = {"w": jnp.zeros(3)}, [(X[:40], Y[:40]), (X[40:80], Y[40:80])]
    before = json.dumps([[leaf.tolist() for leaf in batch] for batch in data])
    cache = jax.config.jax_compilation_cache_dir
    found = lrfind.find(loss_fn, mine, data, optimizer=optax.sgd, **QUICK)
    assert isinstance(found, lrfind.Answer)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []
    assert jax.config.jax_compilation_cache_dir == cache
    assert mine["w"].tolist() == [0, 0, 0], "not even given away to a compiled program"
    assert json.dumps([[leaf.tolist() for leaf in batch] for batch in data]) == before
    assert any("gives every seed the same batches" in each for each in found.warnings)


def test_what_comes_back(tmp_path: Path) -> None:
    found = lrfind.find(loss_fn, params(), (X, Y), optimizer=optax.sgd, batch_size=20, **(QUICK | WIDER))
    steepest, tenth = (found.suggestions[name].learning_rate for name in ("steepest", "minimum"))
    assert steepest is not None
    assert tenth is not None
    assert found.learning_rate == pytest.approx((steepest * 4 * tenth) ** 0.5)
    assert found.interval is not None
    assert found.interval[0] < (found.learning_rate or 0) < found.interval[1]
    assert not found.confirmed
    assert found.reason in repr(found)
    assert repr(found).startswith("<lrfind: learning rate ")
    assert found.warnings
    assert all(f"\n  warning: {warning}" in repr(found) for warning in found.warnings)
    written = found.save(tmp_path / "new" / "folder")
    assert [path.name for path in written] == ["curve.csv", "plot.png", "result.json"]
    result = json.loads(written[-1].read_text(encoding="utf-8"))
    assert result["recommendation"]["learning_rate"] == found.learning_rate
    figure = found.figure()
    assert len(figure.axes) >= 1
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(RunError, match="cannot be written"):
        found.save(tmp_path / "file")


def test_the_same_numbers_as_in_numpy() -> None:
    """All rows in every batch: gradient descent in closed form."""
    found = lrfind.find(
        loss_fn, params(), (X, Y), optimizer=optax.sgd, batch_size=120, validation_fraction=0.0, **QUICK
    ).result.sweep
    weights = np.zeros(3)
    for rate, loss in zip(found.learning_rate, found.loss[0], strict=True):
        error = X @ weights - Y
        assert loss == pytest.approx(np.mean(error**2), rel=1e-4)
        weights = weights - rate * 2 * error @ X / len(X)


def batches(seed: int) -> Iterator[Any]:
    rng = np.random.default_rng(seed)
    while True:
        picked = rng.integers(120, size=16)
        yield {"x": X[picked], "y": Y[picked]}


def noisy(params: Any, batch: Any, key: Any) -> Any:
    noise = jax.random.normal(key, batch["x"].shape)
    return jnp.mean(((batch["x"] + 0.1 * noise) @ params["w"] - batch["y"]) ** 2)


def step(state: Any, batch: Any, lr: Any, key: Any) -> Any:
    loss, gradient = jax.value_and_grad(noisy)(state["p"], batch, key)
    return {"p": jax.tree.map(lambda p, g: p - lr * g, state["p"], gradient), "key": state["key"]}, loss


def test_batches_by_seed_with_keys_held_out_rows_and_weights_of_every_seed() -> None:
    def init(key: Any) -> Any:
        return {"w": jax.random.normal(key, (3,))}

    wish: dict[str, Any] = QUICK | {"seeds": 2, "confirm": True, "budget": 700, "steps": 20}
    mine = functools.partial(optax.sgd, momentum=0.5)
    held_out = {"x": X, "y": Y}
    found = lrfind.find(noisy, init, batches, optimizer=mine, validation=held_out, schedule="cosine", **wish)
    assert found.confirmed
    assert found.result.confirmation is not None
    assert found.result.confirmation.judged_on == "held-out loss"
    assert found.result.facts.optimizer.startswith("optax.sgd(")
    assert found.result.facts.optimizer.endswith("momentum=0.5)")
    assert found.result.sweep.loss[0, 0] != found.result.sweep.loss[1, 0]
    assert not any("every seed" in each for each in (*found.warnings, *found.result.assumptions))


def test_a_whole_step_with_a_key_in_its_state() -> None:
    state = {"p": {"w": jnp.zeros(3)}, "key": jax.random.key(3)}
    found = lrfind.find(step, state, batches, **(QUICK | {"confirm": True, "budget": 400, "steps": 10}))
    assert found.learning_rate is not None
    assert found.result.facts.optimizer.startswith("lr = ")
    plain = lrfind.find(noisy, {"w": np.zeros(3)}, batches, optimizer=optax.sgd, **QUICK)
    np.testing.assert_allclose(found.result.sweep.loss[0], plain.result.sweep.loss[0], rtol=1e-4)
    assert not jnp.issubdtype(state["p"]["w"].dtype, jnp.integer)


def own(lr: Any) -> Any:
    return optax.chain(optax.clip(1.0), optax.sgd(lr))


@pytest.mark.parametrize(
    ("optimizer", "section"),
    [
        (optax.adamw, {"name": "adamw"}),
        (functools.partial(optax.sgd, momentum=0.9), {"name": "sgd", "momentum": 0.9}),
        ("lion", {"name": "lion"}),
        ({"name": "adam", "b1": 0.8}, {"name": "adam", "b1": 0.8}),
        (own, {"name": "target", "target": "python:own"}),
        (lambda lr: own(lr), {"name": "target", "target": "python:optimizer"}),
        (functools.partial(own), {"name": "target", "target": "python:own"}),
        (None, {"name": "none"}),
    ],
)
def test_optimizers(optimizer: Any, section: dict[str, Any]) -> None:
    assert api.chosen(optimizer)[0] == section


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"optimizer": optax.adam(1e-3)},
            "optimizer must be a function of the rate, such as .*an optimiser at a fixed",
        ),
        ({"optimizer": "adm"}, r"optimizer: must be one of .*did you mean 'adam'"),
        ({"steps": 0}, "steps: must be a whole number of at least 1; got 0"),
        ({"schedule": "cosin"}, r"schedule\.name: must be one of .*did you mean 'cosine'"),
        ({"seeds": 0, "min_lr": 2.0}, r"(?s)(?=.*seeds: must be)(?=.*min_lr)"),
        ({"params": {"w": np.zeros(3, int)}}, r"loss_fn: params of loss_fn hold int32\[3\]"),
        ({"params": {}}, "loss_fn: params of loss_fn are empty"),
        ({"loss_fn": 3}, "loss_fn must be a function of params and a batch; got int"),
        ({"batches": iter([])}, "batches: batches is a list_iterator, which runs once"),
        ({"batches": (X, Y[:7])}, "batches: .*need the same number of rows"),
        ({"batch_size": 500}, "batch_size: a batch of 500 needs as many rows"),
    ],
)
def test_arguments_that_are_wrong(change: dict[str, Any], message: str) -> None:
    given = {"loss_fn": loss_fn, "params": params(), "batches": (X, Y), "optimizer": optax.sgd, **QUICK} | change
    with pytest.raises(InputError, match=message):
        lrfind.find(**given)


def test_code_that_raises() -> None:
    def wrong(params: Any, batch: Any) -> Any:
        return batch["nothing"]

    with pytest.raises(OwnCodeError, match=r"wrong raised .*\n  .*test_api.py:\d+, in wrong\n") as caught:
        lrfind.find(wrong, params(), {"x": X}, **QUICK)
    assert isinstance(caught.value.__cause__, KeyError)


def test_the_package_is_typed_and_says_what_it_has() -> None:
    assert (files("lrfind") / "py.typed").is_file()
    assert {"Answer", "find"} <= set(dir(lrfind))
    with pytest.raises(AttributeError, match="no attribute 'fnd'"):
        lrfind.fnd  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("labels", ["thrown", "true"])
def test_a_loss_whose_labels_tell_nothing(labels: str) -> None:
    """Of a loss of the user's own nobody knows what a constant answer loses; labels dealt out anew tell it."""
    made = np.random.default_rng(5).normal(size=(4, 3))

    def batches(seed: int) -> Iterator[Any]:
        rng = np.random.default_rng(seed)
        while True:
            x = rng.normal(size=(32, 4))
            yield x, rng.integers(0, 3, 32) if labels == "thrown" else (x @ made).argmax(axis=1)

    def cross_entropy(params: Any, batch: Any) -> Any:
        x, y = batch
        return optax.softmax_cross_entropy_with_integer_labels(x @ params, y).mean()

    start = np.random.default_rng(1).normal(size=(4, 3)) / 2
    found = lrfind.find(cross_entropy, start, batches, optimizer=optax.adam, steps=300, seeds=2)
    if labels == "thrown":
        assert found.learning_rate is None
        assert found.reason.startswith("no training did better than on labels dealt out anew among the rows")
    else:
        assert found.learning_rate is not None
        assert found.confirmed


def test_a_lambda_is_called_by_its_parameter() -> None:
    with pytest.raises(OwnCodeError, match="loss_fn raised ZeroDivisionError"):
        lrfind.find(lambda params, batch: 1 / 0, params(), (X, Y), optimizer=optax.sgd, batch_size=20, **QUICK)
