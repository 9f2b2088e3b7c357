"""Modules that hold more than weights: what is trained is trained, and the rest stays."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import lrfind
from lrfind.core.errors import InputError
from lrfind.task.user_code.pytrees import StaticLeaves, is_module, weights
from lrfind.task.user_code.recognize import recognise

X = np.random.default_rng(0).normal(size=(120, 3)).astype(np.float32)
Y = np.tanh(X @ np.array([1.0, -2.0, 0.5], np.float32))
QUICK: dict[str, Any] = {"sweep_steps": 12, "min_lr": 1e-3, "max_lr": 1.0, "seeds": 2, "confirm": False, "steps": 30}
Plain = namedtuple("Plain", ["w", "b"])


@jax.tree_util.register_pytree_with_keys_class
@dataclass
class Module:
    """As frameworks have them: weights, and what makes them up, among its leaves."""

    w: Any
    act: Any = jnp.tanh
    scale: Any = 1.0
    count: Any = 3
    name: Any = "mine"

    def __call__(self, inputs: Any) -> Any:
        return self.scale * self.act(inputs @ self.w)

    def tree_flatten_with_keys(self) -> Any:
        return [(jax.tree_util.GetAttrKey(name), each) for name, each in vars(self).items()], None

    @classmethod
    def tree_unflatten(cls, structure: Any, leaves: Any) -> Module:
        made = object.__new__(cls)
        for name, each in zip(("w", "act", "scale", "count", "name"), leaves, strict=True):
            setattr(made, name, each)
        return made


def loss_fn(model: Any, batch: Any) -> Any:
    inputs, targets = batch
    return jnp.mean((model(inputs) - targets) ** 2)


def by_arrays(params: Any, batch: Any) -> Any:
    return loss_fn(Module(params["w"]), batch)


def test_arrays_of_real_numbers_are_trained_in_modules_and_all_in_containers() -> None:
    assert weights(Module(np.zeros(3))) == [True, False, False, False, False]
    assert weights(Module(np.zeros(3, np.int32), count=jax.random.key(0))) == [False] * 5
    assert weights({"a": Module(jnp.zeros(3)), "b": [0.0, None], "c": Plain(1.0, 2)}) == [
        *[True, False, False, False, False],
        *[True] * 3,
    ]
    assert weights(0.5) == [True]


def test_what_is_taken_out_is_put_back() -> None:
    settings, tree = StaticLeaves(), {"a": Module(jnp.ones(3), scale=2.0), "b": (jnp.zeros(()), Module(jnp.zeros(2)))}
    taken = settings.take(tree)
    assert [leaf.shape for leaf in jax.tree.leaves(taken)] == [(3,), (), (2,)]
    moved = settings.give(jax.tree.map(lambda leaf: leaf + 1, taken))
    assert moved["a"].w.tolist() == [2, 2, 2]
    assert moved["b"][1].w.tolist() == [1, 1]
    assert (moved["a"].act, moved["a"].scale, moved["a"].name) == (jnp.tanh, 2.0, "mine")
    again = settings.take({"a": Module(jnp.ones(3), scale=9.0), "b": tree["b"]})
    assert settings.give(again)["a"].scale == 2.0, "of several trees alike, the settings of the first"


def test_a_tree_of_arrays_is_left_as_it_is() -> None:
    settings, tree = StaticLeaves(), {"w": jnp.ones(3), "b": 0.0}
    assert settings.take(tree) == tree
    assert settings.give(tree) is tree


@pytest.mark.parametrize(
    "value", [lambda: 0, 3, np.zeros(2), jnp.zeros(2), optax.sgd(0.1), (), jax.tree_util.Partial(max, X)]
)
def test_what_is_no_module(value: Any) -> None:
    assert not is_module(value)


def init(key: Any) -> Module:
    return Module(0.1 * jax.random.normal(key, 3))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Module(np.full(3, 0.1, np.float32)), {"w": np.full(3, 0.1, np.float32)}),
        (init, lambda key: {"w": init(key).w}),
    ],
    ids=["given", "made"],
)
def test_a_module_has_the_curve_of_its_arrays(one: Any, other: Any) -> None:
    found = [
        lrfind.find(function, params, (X, Y), optimizer="adamw", batch_size=20, **QUICK)
        for function, params in ((loss_fn, one), (by_arrays, other))
    ]
    first, second = (each.result.sweep for each in found)
    # What makes a module cannot be compiled, so its random numbers may differ by their last bit.
    np.testing.assert_allclose(first.loss, second.loss, rtol=1e-6 if callable(other) else 0)
    np.testing.assert_allclose(first.update_norm, second.update_norm, rtol=1e-5 if callable(other) else 0)
    assert found[0].result.facts.parameters == 3
    if isinstance(one, Module):
        assert one.w.tolist() == pytest.approx([0.1] * 3)
        assert one.act is jnp.tanh


def test_a_network_of_modules() -> None:
    found = recognise({"init": init, "apply": lambda model, inputs: model(inputs)}, "mine.py:build")
    assert found.kind == "network"


def test_a_module_that_can_be_called_stands_for_weights() -> None:
    found = recognise((loss_fn, Module(jnp.zeros(3))), "mine.py:build")
    assert (found.kind, found.function) == ("loss", loss_fn)


def test_a_loss_may_be_a_module_as_well() -> None:
    loss = Module(jnp.ones(2))
    found = recognise((loss, Module(jnp.zeros(3))), "mine.py:build")
    assert (found.kind, found.function) == ("loss", loss)


@pytest.mark.parametrize(
    ("built", "said"),
    [
        ((Module(jnp.zeros(3)), loss_fn), "returned values before their function; turn them round: (loss_fn, params)"),
        (Module(jnp.zeros(3)), "returned a Module, a model without its loss; it must return (init, apply), "),
    ],
)
def test_modules_in_the_wrong_place(built: Any, said: str) -> None:
    with pytest.raises(InputError, match=r"^mine\.py:build ") as caught:
        recognise(built, "mine.py:build")
    assert said in str(caught.value)


def test_a_step_whose_state_holds_a_module() -> None:
    """Counts and keys of a module are state, its functions are not."""

    def step(state: Any, batch: Any, lr: Any, key: Any) -> Any:
        model = state["model"]
        loss, gradient = jax.value_and_grad(lambda w: loss_fn(Module(w), batch))(model.w)
        moved = Module(model.w - lr * gradient, model.act, count=model.count + 1, name=model.name)
        return {"model": moved}, loss

    state = {"model": Module(np.full(3, 0.1, np.float32), count=jnp.zeros((), jnp.int32), name=jax.random.key(3))}
    found = lrfind.find(step, state, (X, Y), batch_size=20, **QUICK)
    other = lrfind.find(loss_fn, state["model"], (X, Y), optimizer="sgd", batch_size=20, **QUICK)
    np.testing.assert_allclose(found.result.sweep.loss, other.result.sweep.loss, rtol=1e-5)


def test_a_module_without_weights() -> None:
    with pytest.raises(InputError, match="params of loss_fn are empty; there is nothing to train"):
        lrfind.find(loss_fn, Module(np.zeros(3, np.int32)), (X, Y), **QUICK)


def test_groups_call_its_weights_by_their_names() -> None:
    params = {"a": Module(np.zeros(3, np.float32)), "b": np.ones((), np.float32)}

    def both(params: Any, batch: Any) -> Any:
        return loss_fn(params["a"], batch) + params["b"] ** 2

    sgd = {"name": "sgd", "frozen": ["a.w"]}
    found = lrfind.find(both, params, (X, Y), optimizer=sgd, **QUICK)
    assert (found.result.facts.parameters, found.result.facts.frozen) == (4, 3)
