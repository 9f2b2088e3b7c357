"""Networks of JAX's frameworks, each brought as its own users have it, against the same sums in plain JAX."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import lrfind
from lrfind.answer import Answer
from lrfind.config.load import load
from lrfind.task import from_user_code as targets
from lrfind.task.user_code.loader import ImportPolicy

RNG = np.random.default_rng(0)
X = RNG.normal(size=(160, 4)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] > 0).astype(np.int32)
FIRST, SECOND = (RNG.normal(size=shape).astype(np.float32) / 2 for shape in ((4, 16), (16, 2)))
WEIGHTS = {"first": FIRST, "second": SECOND}
QUICK: dict[str, Any] = {"sweep_steps": 30, "min_lr": 1e-4, "max_lr": 1.0, "seeds": 1, "confirm": False, "steps": 60}


def entropy(outputs: Any, targets: Any) -> Any:
    return optax.softmax_cross_entropy_with_integer_labels(outputs, targets).mean()


def swept(loss_fn: Any, params: Any) -> Answer:
    return lrfind.find(loss_fn, params, (X, Y), optimizer=optax.adam, batch_size=16, **QUICK)


@pytest.fixture(scope="module")
def plain() -> Answer:
    """The curve in plain JAX."""

    def loss_fn(params: Any, batch: Any) -> Any:
        return entropy(jax.nn.relu(batch[0] @ params["first"]) @ params["second"], batch[1])

    return swept(loss_fn, WEIGHTS)


def check(found: Answer, plain: Answer) -> None:
    np.testing.assert_allclose(found.result.sweep.loss, plain.result.sweep.loss, rtol=2e-4)
    assert found.result.facts.parameters == FIRST.size + SECOND.size


def test_equinox(plain: Answer) -> None:
    eqx = pytest.importorskip("equinox", reason="needs Equinox: pip install equinox")
    model = eqx.nn.MLP(4, 2, 16, 1, use_bias=False, use_final_bias=False, key=jax.random.key(0))
    model = eqx.tree_at(lambda each: [layer.weight for layer in each.layers], model, [FIRST.T, SECOND.T])
    check(swept(lambda model, batch: entropy(jax.vmap(model)(batch[0]), batch[1]), model), plain)


def test_a_train_step_of_equinox(plain: Answer) -> None:
    eqx = pytest.importorskip("equinox", reason="needs Equinox: pip install equinox")
    model = eqx.nn.MLP(4, 2, 16, 1, use_bias=False, use_final_bias=False, key=jax.random.key(0))
    model = eqx.tree_at(lambda each: [layer.weight for layer in each.layers], model, [FIRST.T, SECOND.T])
    start = optax.adam(1.0).init(eqx.filter(model, eqx.is_inexact_array))

    @eqx.filter_value_and_grad
    def loss_fn(model: Any, batch: Any) -> Any:
        return entropy(jax.vmap(model)(batch[0]), batch[1])

    def step(state: Any, batch: Any, lr: Any, key: Any) -> Any:
        model, inside = state
        loss, gradient = loss_fn(model, batch)
        updates, inside = optax.adam(lr).update(gradient, inside)
        return (eqx.apply_updates(model, updates), inside), loss

    found = lrfind.find(step, (model, start), (X, Y), batch_size=16, **QUICK)
    np.testing.assert_allclose(found.result.sweep.loss, plain.result.sweep.loss, rtol=2e-4)


def test_flax_nnx(plain: Answer) -> None:
    nnx = pytest.importorskip("flax.nnx", reason="needs Flax: pip install flax")
    model = nnx.Sequential(
        nnx.Linear(4, 16, use_bias=False, rngs=nnx.Rngs(0)),
        nnx.relu,
        nnx.Linear(16, 2, use_bias=False, rngs=nnx.Rngs(0)),
    )
    model.layers[0].train_loop.set_value(jnp.asarray(FIRST))
    model.layers[2].train_loop.set_value(jnp.asarray(SECOND))
    check(swept(lambda model, batch: entropy(model(batch[0]), batch[1]), model), plain)


def test_flax_linen(plain: Answer) -> None:
    nn = pytest.importorskip("flax.linen", reason="needs Flax: pip install flax")
    net = nn.Sequential([nn.Dense(16, use_bias=False), nn.relu, nn.Dense(2, use_bias=False)])
    params = {"params": {"layers_0": {"kernel": FIRST}, "layers_2": {"kernel": SECOND}}}
    check(swept(lambda params, batch: entropy(net.apply(params, batch[0]), batch[1]), params), plain)


def test_haiku(plain: Answer) -> None:
    hk = pytest.importorskip("haiku", reason="needs Haiku: pip install dm-haiku")
    net = hk.transform(lambda inputs: hk.nets.MLP([16, 2], with_bias=False)(inputs))
    params = {"mlp/~/linear_0": {"w": FIRST}, "mlp/~/linear_1": {"w": SECOND}}
    check(swept(lambda params, batch, key: entropy(net.apply(params, key, batch[0]), batch[1]), params), plain)


def test_keras(plain: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras", reason="needs Keras: pip install keras")
    layers = [keras.layers.Dense(16, "relu", use_bias=False), keras.layers.Dense(2, use_bias=False)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.set_weights([FIRST, SECOND])
    params = [each.value for each in model.trainable_variables]
    check(swept(lambda params, batch: entropy(model.stateless_call(params, [], batch[0])[0], batch[1]), params), plain)


NET = """\
import flax.linen as nn

class Net(nn.Module):
    @nn.compact
    def __call__(self, inputs, train):
        hidden = nn.relu(nn.BatchNorm(use_running_average=not train)(nn.Dense(16)(inputs)))
        return nn.Dense(3)(nn.Dropout(0.1, deterministic=not train)(hidden))

net = Net()

"""


def test_linen_with_a_state_as_the_docs_have_it(tmp_path: Path) -> None:
    """The running statistics are a state, which is not trained; dropout has its key, and is off where it is judged."""
    pytest.importorskip("flax.linen", reason="needs Flax: pip install flax")
    text = (Path(__file__).parents[3] / "docs" / "user-code.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (code,) = [block for block in blocks if "batch_stats" in block]
    (tmp_path / "mine.py").write_text(NET + code, encoding="utf-8")
    path = tmp_path / "c.yaml"
    path.write_text(
        'model: {target: "mine.py:build"}\n'
        "data: {name: classification, rows: 300, features: 6, classes: 3, batch_size: 32}\n"
        "optimizer: {name: adam}\n"
    )
    task = targets.make(load(path).config, ImportPolicy((tmp_path,)))
    params, state = task.objective.initial
    assert {leaf.shape for leaf in jax.tree.leaves(state)} == {(16,)}
    assert task.objective.parameters == 6 * 16 + 16 + 2 * 16 + 16 * 3 + 3
    batch, keys = task.batches.source.first(32), np.arange(4, dtype=np.uint32).reshape(2, 2)
    train = [float(task.objective.model.loss(params, state, batch, key, True)[0]) for key in keys]
    judged = [float(task.objective.model.loss(params, state, batch, None, False)[0]) for _ in keys]
    assert train[0] != train[1]
    assert judged[0] == judged[1]
    after = task.objective.model.loss(params, state, batch, keys[0], True)[1][0]
    assert any((one != other).any() for one, other in zip(*map(jax.tree.leaves, (state, after)), strict=True))
