"""Three ways to bring a model, one curve; and what a plan of the user's own code says of itself."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lrfind.config.load import load
from lrfind.config.schema import Config
from lrfind.core.dataset import Floats
from lrfind.core.errors import InputError, OwnCodeError
from lrfind.core.result import Result
from lrfind.runs import sweep
from lrfind.runs.callbacks import Callback
from lrfind.runs.prepare import Options, RunContext
from lrfind.storage import journal
from lrfind.task import from_user_code
from lrfind.task.task import Task
from lrfind.task.user_code.loader import ImportPolicy

CODE = """\
import jax, jax.numpy as jnp, numpy as np, optax
from truth import WEIGHTS

def arrays(rows=90):
    x = np.random.default_rng(0).normal(size=(rows, len(WEIGHTS)))
    return x, x @ WEIGHTS + 0.1 * np.sin(np.arange(rows))

def others():
    return arrays(30)

def network():
    return lambda key: jnp.zeros(len(WEIGHTS)), lambda params, x: x @ params

def loss(params, batch):
    x, y = batch
    return jnp.mean((x @ params - y) ** 2)

def loss_fn():
    return loss, np.zeros(len(WEIGHTS))

def step():
    def one(state, batch, lr, key):
        value, gradient = jax.value_and_grad(loss)(state["w"], batch)
        norm = jnp.linalg.norm(gradient)
        fresh = {"w": state["w"] - lr * gradient, "n": state["n"] + 1, "key": jax.random.split(state["key"])[0]}
        return fresh, {"loss": value, "grad_norm": norm, "update_norm": lr * norm}
    return one, {"w": np.zeros(len(WEIGHTS)), "n": 0, "key": jax.random.key(7)}

def sgd(lr, scale=1.0):
    return optax.sgd(scale * lr)

def squared(outputs, targets, power=2):
    return jnp.mean((outputs - targets.reshape(outputs.shape)) ** power)

def shaped(input_shape, outputs, width=3):
    def init(key):
        k1, k2 = jax.random.split(key)
        return {"a": jax.random.normal(k1, (*input_shape, width)), "b": jax.random.normal(k2, (width, outputs))}
    return init, lambda params, x, train=False: jnp.tanh(x @ params["a"]) @ params["b"]

def layers(with_shape):
    def init(key):
        pair = (jnp.ones(len(WEIGHTS)), jnp.zeros(1)), (jnp.ones(1), jnp.zeros(1))
        return ((-1, 1), pair) if with_shape else pair
    return init, lambda params, x: (x @ params[0][0] + params[0][1]) * params[1][0] + params[1][1]

def several(seed):
    rng = np.random.default_rng(seed)
    for _ in range(5):
        x = rng.normal(size=(10, len(WEIGHTS)))
        yield (x[:, :2], {"rest": x[:, 2:]}), x @ WEIGHTS

def joined():
    def apply(params, inputs):
        first, second = inputs
        return jnp.concatenate([first, second["rest"]], axis=1) @ params
    return {"init": lambda rng: jnp.zeros(len(WEIGHTS)), "apply": apply}

def running():
    def init(key):
        return {"w": jnp.ones(len(WEIGHTS))}, {"mean": jnp.zeros(len(WEIGHTS))}
    def apply(params, state, x, training):
        mean = 0.9 * state["mean"] + 0.1 * x.mean(axis=0) if training else state["mean"]
        return (x - mean) @ params["w"], {"mean": mean}
    return init, apply

class Network:
    def __init__(self, power=2):
        self.power = power

    def init(self, key):
        return jnp.zeros(len(WEIGHTS))

    def apply(self, params, x):
        return (x @ params) ** (self.power - 1)

class Functions:
    init = staticmethod(lambda key: jnp.zeros(len(WEIGHTS)))
    apply = staticmethod(lambda params, x: x @ params)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "truth.py").write_text("import numpy as np\n\nWEIGHTS = np.array([1.0, -2.0, 0.5])\n", encoding="utf-8")
    return tmp_path


def config(folder: Path, own: str, arrays: str = '"mine.py:arrays", batch_size: 9', **others: Any) -> Config:
    optimizer = "{name: sgd}" if own != "step" else None
    sections = {
        "model": f'{{target: "mine.py:{own}"}}',
        "data": f"{{target: {arrays}}}",
        "optimizer": optimizer,
        "train": "{steps: 30}",
        "sweep": "{min_lr: 1e-3, max_lr: 1, steps: 12, seeds: 1, extend: false}",
        "confirm": "{enabled: false}",
    } | others
    text = "".join(f"{key}: {value}\n" for key, value in sections.items() if value is not None)
    (folder / "c.yaml").write_text(text, encoding="utf-8")
    return load(folder / "c.yaml").config


def made(folder: Path, *names: str, **others: Any) -> Task:
    return from_user_code.make(config(folder, *names, **others), ImportPolicy((folder,)))


def render(result: Result, context: RunContext) -> tuple[Result, dict[str, bytes]]:
    return result, {}


def measured(given: Config, folder: Path, out: str) -> Result:
    options = Options(out=folder / out, policy=ImportPolicy((folder,)))
    return sweep.sweep(given, "c", render, options, Callback())[0]


def by_hand(task: Task, steps: Floats) -> list[float]:
    """Gradient descent in numpy on the plan's own batches."""
    rows = task.batches.order.indices(0, 0, len(steps))
    x, y = (np.asarray(leaf, np.float64) for leaf in task.batches.source.train)  # type: ignore[attr-defined]
    weights, losses = np.zeros(3), []
    for rate, picked in zip(steps, rows, strict=True):
        error = x[picked] @ weights - y[picked].reshape(-1)
        losses.append(float(np.mean(error**2)))
        weights = weights - rate * 2 * error @ x[picked] / len(picked)
    return losses


@pytest.mark.parametrize("model", ["network", "Network", "Functions", "loss_fn", "step"])
def test_one_curve_by_every_door(model: str, folder: Path) -> None:
    """The same sums in numpy, whichever way the model came; and the caller's norms where it gives them."""
    given = config(folder, model)
    result = measured(given, folder, model)
    expected = by_hand(from_user_code.make(given, ImportPolicy((folder,))), result.sweep.learning_rate)
    np.testing.assert_allclose(result.sweep.loss[0], expected, rtol=2e-5)
    assert np.isfinite(result.sweep.update_norm).all()
    assert result.facts.model.startswith(f"mine.py:{model}, ")
    line = {"step": "lr = "}.get(model, "optax.sgd(")
    assert result.facts.optimizer.startswith(line)


def test_own_optimizer_and_loss_of_a_built_in_network(folder: Path) -> None:
    others = {
        "model": "{name: linear}",
        "optimizer": '{target: "mine.py:sgd", kwargs: {scale: 0.5}, clip_norm: 2.0, accumulate: 2}',
        "loss": '{target: "mine.py:squared", kwargs: {power: 4}}',
    }
    task = made(folder, "", **others)
    params, state = task.objective.initial
    x, y = task.batches.source.first(8)
    value, _ = task.objective.model.loss(params, state, (x, y), None, False)
    assert value == pytest.approx(np.mean((x @ params["weight"] + params["bias"] - y) ** 4), rel=1e-5)
    expected = "optax.MultiSteps(optax.chain(optax.clip_by_global_norm(2), sgd(0.0123, scale=0.5)), every_k_schedule=2)"
    assert task.report.facts(0.01234).optimizer == f"{expected}  # mine.py"
    assert "sgd(LEARNING_RATE" in task.report.facts(None).optimizer
    gradient = jax.tree.map(np.ones_like, params)
    update, _ = task.optimizer.make(0.1).update(gradient, task.optimizer.make(0.1).init(params), params)
    clipped, _ = optax.clip_by_global_norm(2.0).update(gradient, optax.EmptyState())
    assert update["bias"] == pytest.approx(-0.05 * clipped["bias"])
    assert task.objective.loss == "mine.py:squared"
    assert task.report.constant_loss is None


def test_what_the_data_says_is_filled_in(folder: Path) -> None:
    task = made(folder, "shaped", data="{name: friedman, rows: 60, batch_size: 10}")
    assert task.objective.parameters == 10 * 3 + 3 * 1
    first, second = (task.objective.model.init(np.array([1, number], np.uint32))[0] for number in (1, 2))
    assert not np.array_equal(first["a"], second["a"]), "every seed has its own weights"
    assert task.report.assumptions == ("train.schedule is left out: assumed a constant rate",)


@pytest.mark.parametrize("with_shape", [False, True])
def test_a_pair_of_layers_is_no_output_shape(folder: Path, with_shape: bool) -> None:
    model = f'{{target: "mine.py:layers", kwargs: {{with_shape: {str(with_shape).lower()}}}}}'
    params, _ = made(folder, "layers", model=model, loss='{target: "mine.py:squared"}').objective.initial
    assert [leaf.shape for layer in params for leaf in layer] == [(3,), (1,), (1,), (1,)]


def test_several_inputs_and_batches_by_seed(folder: Path) -> None:
    given = config(folder, "joined", '"mine.py:several"', sweep="{steps: 12, seeds: 2}")
    task = from_user_code.make(given, ImportPolicy((folder,)))
    assert task.batches.rows_per_step == 10
    draw = task.batches.feed().draw(0, 3, 7)
    (first, second), goal = draw.rows
    assert (first.shape, second["rest"].shape, goal.shape) == ((4, 10, 2), (4, 10, 1), (4, 10))
    truth = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(np.concatenate([first, second["rest"]], axis=2) @ truth, goal, rtol=1e-4, atol=1e-5)
    assert not np.array_equal(task.batches.feed().draw(1, 3, 7).rows[1], goal)
    epochs = dataclasses.replace(task, config=config(folder, "joined", '"mine.py:several"', train="{epochs: 3}"))
    assert epochs.train_steps == 15
    assert "5 batches of 10 rows" in epochs.batches.source.describe()


def test_a_state_that_is_not_trained(folder: Path) -> None:
    task = made(folder, "running")
    params, state = task.objective.initial
    batch = task.batches.source.first(9)
    _, (after, _) = task.objective.model.loss(params, state, batch, None, True)
    np.testing.assert_allclose(after["mean"], 0.1 * batch[0].mean(axis=0), rtol=1e-5)
    _, (still, _) = task.objective.model.loss(params, state, batch, None, False)
    np.testing.assert_array_equal(still["mean"], state["mean"])


def test_held_out_rows_of_ones_own(folder: Path) -> None:
    for model in ("network", "loss_fn"):
        task = made(folder, model, '"mine.py:arrays", batch_size: 9, validation: "mine.py:others"')
        assert task.batches.source.describe().startswith("mine.py:arrays: 90 rows to train on, 30 held out")
        assert [len(part[0]) for part in task.batches.source.sample("validation", 1000) or []] == [9, 9, 9]


def test_the_fingerprint_knows_the_source(folder: Path) -> None:
    before = made(folder, "loss_fn")
    assert before.user_code.digest == made(folder, "loss_fn").user_code.digest
    (folder / "truth.py").write_text("import numpy as np\nWEIGHTS = np.array([1.0, -2.0, 0.25])\n", encoding="utf-8")
    assert made(folder, "loss_fn").user_code.digest != before.user_code.digest


def test_every_seed_from_the_same_weights_is_said(folder: Path) -> None:
    task = made(folder, "loss_fn", sweep="{seeds: 2}")
    assert "every seed starts from the weights that were given" in task.report.assumptions[-1]
    assert made(folder, "network", sweep="{seeds: 2}").report.assumptions == made(folder, "step").report.assumptions


def test_the_users_error_comes_with_its_shapes(folder: Path) -> None:
    (folder / "truth.py").write_text("import numpy as np\nWEIGHTS = np.ones(3)\n", encoding="utf-8")
    code = CODE.replace("x @ params - y", "x @ params[:2] - y")
    (folder / "mine.py").write_text(code, encoding="utf-8")
    with pytest.raises(OwnCodeError) as caught:
        made(folder, "loss_fn")
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("loss_fn of mine.py:loss_fn raised TypeError: ")
    assert lines[1].startswith("  mine.py:16, in loss")
    assert lines[2].strip().startswith("return jnp.mean((x @ params[:2] - y) ** 2)")
    assert lines[3] == "  given params float32[3], batch (float32[9,3], float32[9])"


@pytest.mark.parametrize(
    ("model", "others", "message", "key"),
    [
        ("step", {"optimizer": "{name: sgd}"}, "a whole train step, which has its own optimizer", "optimizer.name"),
        ("step", {"optimizer": "{clip_norm: 1}"}, "do this inside of it", "optimizer.clip_norm"),
        ("loss_fn", {"optimizer": None}, "missing, for mine.py:loss_fn gives a loss function", "optimizer"),
        ("loss_fn", {"loss": "mse"}, "has its own loss; remove this", "loss"),
        ("loss_fn", {"data": '{target: "mine.py:several", batch_size: 3}'}, "remove this", "data.batch_size"),
        ("loss_fn", {"data": '{target: "mine.py:arrays", batch_size: 99}'}, "a batch of 99 needs", "data.batch_size"),
        (
            "loss_fn",
            {"data": '{target: "mine.py:arrays", standardize: true, batch_size: 9}'},
            "taken as",
            "data.standardize",
        ),
    ],
)
def test_keys_that_do_not_go_together(model: str, others: dict[str, Any], message: str, key: str, folder: Path) -> None:
    with pytest.raises(InputError, match=message) as caught:
        made(folder, model, **others)
    assert caught.value.key == key


def test_a_step_resumes_nothing_of_the_run_before(folder: Path) -> None:
    """Two runs in one process: the same bits, and the folder tells that they are the same run."""
    given = config(folder, "step")
    first, second = measured(given, folder, "a"), measured(given, folder, "b")
    np.testing.assert_array_equal(first.sweep.loss, second.sweep.loss)
    assert journal.fingerprint_of(folder / "a") == journal.fingerprint_of(folder / "b")
    assert jnp.isfinite(first.sweep.loss).all()


@pytest.mark.parametrize("labels", ["thrown", "true"])
def test_labels_thrown_anew_for_every_batch_teach_nothing(labels: str, folder: Path) -> None:
    """No row comes twice, so a network cannot even learn them by heart; their own labels it can."""
    targets_of = {"thrown": "rng.integers(0, 4, 32)", "true": "(x @ made).argmax(axis=1)"}[labels]
    (folder / "thrown.py").write_text(
        "import numpy as np\n\n\ndef batches(seed):\n    made = np.random.default_rng(5).normal(size=(6, 4))\n"
        "    rng = np.random.default_rng(seed)\n    while True:\n        x = rng.normal(size=(32, 6))\n"
        f"        yield x, {targets_of}\n",
        encoding="utf-8",
    )
    sections = {
        "model": "{name: mlp, hidden: [16]}",
        "optimizer": "{name: adam}",
        "sweep": "{steps: 100, seeds: 2}",
        "confirm": "{budget: 3000}",
        "train": "{steps: 300, schedule: cosine}",
    }
    result = measured(config(folder, "", '"thrown.py:batches"', loss="cross_entropy", **sections), folder, labels)
    constant, chance = result.facts.constant_loss, np.log(4)
    assert constant is not None
    if labels == "thrown":
        assert chance - 5e-3 < constant <= chance, "in 1,024 rows every label is about as frequent as any other"
        assert result.status == "no_recommendation"
        assert result.recommendation.reason.startswith("no training did better than a constant answer")
    else:
        assert result.recommendation.confirmed
