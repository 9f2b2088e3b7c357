"""Parameters by name: which pattern takes which, what is refused, and norms and curvature without what is frozen."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.config.schema import Config
from lrfind.core.errors import InputError
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import LaneRun
from lrfind.runs import confirmation
from lrfind.task.optim import param_groups
from lrfind.task.task import Task, make

PARAMS = {
    "embed": {"weight": np.ones((5, 3))},
    "encoder": [{"weight": np.ones((3, 3)), "bias": np.ones(3)} for _ in range(2)],
    "head": (np.ones((3, 2)), np.ones(2)),
}
NAMES = [
    "embed.weight",
    "encoder.0.bias",
    "encoder.0.weight",
    "encoder.1.bias",
    "encoder.1.weight",
    "head.0",
    "head.1",
]


def test_names_are_dotted_with_numbers_for_items() -> None:
    assert param_groups.names(PARAMS) == NAMES


@pytest.mark.parametrize(
    ("pattern", "count"),
    [("encoder.*", 4), ("*.bias", 2), ("encoder.1.bias", 1), ("head.?", 2), ("*[05]*", 3), ("*", 7)],
)
def test_patterns_are_globs_over_whole_names(pattern: str, count: int) -> None:
    assert sum(param_groups.first([pattern], name) is not None for name in NAMES) == count


def test_the_first_pattern_counts_and_frozen_ones_before_all() -> None:
    found = param_groups.factors(PARAMS, {"*.bias": 0.1, "encoder.*": 0.5}, ("encoder.0.*",))
    assert found["embed"]["weight"] == found["head"][0] == 1
    assert found["encoder"] == [{"weight": 0, "bias": 0}, {"weight": 0.5, "bias": 0.1}]
    assert param_groups.count_frozen(PARAMS, ("encoder.0.*",)) == 12


@given(st.lists(st.sampled_from(["*.bias", "encoder.*", "*'*", "head.1", '"', "[a-e]*", "\\n*"]), max_size=4))
def test_labels_and_their_source_agree(patterns: list[str]) -> None:
    labels = param_groups.Labels((*patterns, "*"))
    written = eval(labels.source, {"jax": jax})
    assert jax.tree.leaves(written(PARAMS)) == jax.tree.leaves(labels(PARAMS))
    assert jax.tree.leaves(labels(PARAMS)) == [param_groups.first([*patterns, "*"], name) for name in NAMES]


def test_matrices_are_what_has_two_axes() -> None:
    written = eval(param_groups.MATRICES, {"jax": jax})
    assert written(PARAMS) == param_groups.matrices(PARAMS)
    assert param_groups.matrices(PARAMS)["encoder"][0] == {"weight": True, "bias": False}


@pytest.mark.parametrize(
    ("factors", "frozen", "key", "message"),
    [
        ({"encoder.*": 0.1, "decoder.*": 0.1}, (), "groups.decoder.*", "'decoder.*' matches no parameter"),
        ({}, ("head.*", "headd.0"), "frozen.1", "'headd.0' matches no parameter (did you mean 'head.0'?); there are"),
        ({}, ("*",), "frozen", "leaves nothing to train"),
        ({"embed.*": 2.0}, ("e*",), "groups.embed.*", "all that 'embed.*' matches is frozen by 'e*' already"),
        (
            {"*.bias": 0.1, "*.weight": 1.0, "encoder.*": 0.5},
            (),
            "groups.encoder.*",
            "all that 'encoder.*' matches is taken by '*.bias' and '*.weight' already; of several patterns the first "
            "counts, so put it before",
        ),
    ],
)
def test_what_takes_nothing_is_refused(
    factors: dict[str, float], frozen: tuple[str, ...], key: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        param_groups.check(PARAMS, factors, frozen)
    assert caught.value.key == f"optimizer.{key}"
    assert str(caught.value).startswith(message)


def test_long_lists_of_names_are_cut() -> None:
    assert param_groups.listed([f"p{i}" for i in range(1000)]).endswith("p10, p11 and 988 more")


def plan_of(**optimizer: Any) -> Task:
    given = {
        "model": {"name": "mlp", "hidden": [8]},
        "data": {"name": "friedman", "rows": 64, "batch_size": 32},
        "optimizer": optimizer,
        "sweep": {"seeds": 1},
        "confirm": {"enabled": True},
    }
    return make(Config.model_validate(given))


def test_a_plan_says_which_pattern_is_wrong() -> None:
    with pytest.raises(InputError, match=r"'2.\*' matches no parameter; there are 0.bias, 0.weight, 1.bias, 1.weight$"):
        plan_of(name="sgd", frozen=["2.*"])


def test_norms_and_trust_are_those_of_what_is_trained() -> None:
    task, free = plan_of(name="sgd", frozen=["0.*"], clip_norm=1e-3), plan_of(name="sgd")
    batch = task.batches.dataset.train.inputs[:32], task.batches.dataset.train.targets[:32]
    key, [start] = np.zeros(2, np.uint32), task.starts("cpu")
    after, record = jax.jit(lambda state: task.step(state, batch, 0.5, key, True))(start)  # type: ignore[call-arg]
    gradient = jax.jit(jax.grad(lambda params: free.objective.model.loss(params, (), batch, key, True)[0]))(
        start.params
    )
    trained = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(gradient[1])])
    assert record.gradient_norm == pytest.approx(np.linalg.norm(trained), rel=1e-5)
    assert record.update_norm == pytest.approx(0.5 * 1e-3, rel=1e-5)  # the clipped norm is that of the rest
    assert record.trust == pytest.approx(1, abs=0.02)  # so small a step is along a line
    jax.tree.map(np.testing.assert_array_equal, after.params[0], start.params[0])
    assert task.report.outline()["frozen"] == 10 * 8 + 8
    assert task.objective.parameters == 10 * 8 + 8 + 8 + 1


def limit(**optimizer: Any) -> float:
    task = plan_of(**optimizer)
    train_loop = TrainLoop(task.step, task.batches.feed(), "cpu", chunk=20, lane_steps=20)
    found = confirmation.sharpness(task, train_loop, task.starts("cpu")[0], "cpu")
    assert found is not None
    return found.limit


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_the_stability_limit_knows_factors_and_frozen_parts(name: str) -> None:
    """Against the whole Hessian in the metric of the optimiser, row by row."""
    parts: dict[str, Any] = {"groups": {"1.*": 0.25}, "frozen": ["0.bias"]}
    task = plan_of(name=name)
    rows = task.batches.dataset.train.inputs[:32], task.batches.dataset.train.targets[:32]
    key = task.batches.order.keys(0, 0, 1)[0]
    flat, unravel = jax.flatten_util.ravel_pytree(task.objective.initial[0])
    hessian = jax.jit(
        jax.hessian(lambda at: task.objective.model_in("float32").loss(unravel(at), (), rows, key, True)[0])
    )(flat)
    factor = param_groups.factors(task.objective.initial[0], parts["groups"], parts["frozen"])
    metric = np.concatenate(
        [
            np.full(np.size(leaf), f)
            for leaf, f in zip(*map(jax.tree.leaves, (task.objective.initial[0], factor)), strict=True)
        ]
    )
    edge = 2.0
    if name == "adam":
        train_loop = TrainLoop(task.step, task.batches.feed(), "cpu", chunk=20, lane_steps=20)
        *_, chunk = train_loop.train(LaneRun(task.starts("cpu"), np.zeros((confirmation.STILL, 1)), seeds=[0]))
        adam = chunk.states[0].optimizer[0]
        nu = np.asarray(jax.flatten_util.ravel_pytree(adam.nu)[0], float)
        root = np.sqrt(nu / (1 - 0.999**confirmation.STILL)) + 1e-8
        metric, edge = np.where(nu > 0, metric / root, 0), 38.0
    top = np.linalg.eigvalsh(np.asarray(hessian, float) * np.sqrt(np.outer(metric, metric)))[-1]
    assert limit(name=name, **parts) == pytest.approx(edge / top, rel=0.03)


def test_a_frozen_parameter_has_no_gradient() -> None:
    gradient = jax.grad(lambda params: sum(map(jnp.sum, jax.tree.leaves(param_groups.freeze(params, ("e*",))))))(PARAMS)
    assert [bool(np.any(leaf)) for leaf in jax.tree.leaves(gradient)] == [False] * 5 + [True] * 2
    assert param_groups.freeze(PARAMS, ()) is PARAMS
