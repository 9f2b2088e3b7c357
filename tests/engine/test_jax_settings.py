"""Settings of JAX and XLA that a run does not survive: set aside and put back, or refused by name."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import nullcontext
from typing import Any

import jax
import numpy as np
import pytest

import lrfind
from lrfind.core.errors import InputError
from lrfind.engine import jax_settings

VALUES: dict[str, Any] = {
    "jax_debug_nans": True,
    "jax_debug_infs": True,
    "jax_disable_jit": True,
    "jax_check_tracer_leaks": True,
    "jax_numpy_dtype_promotion": "strict",
    "jax_numpy_rank_promotion": "raise",
    "jax_transfer_guard": "disallow",
}


def found() -> lrfind.Answer:
    x = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)

    def loss_fn(params: Any, batch: Any) -> Any:
        return ((batch[0] @ params - batch[1]) ** 2).mean()

    data, params = (x, x.sum(axis=1)), np.zeros(3, np.float32)
    lengths = {"steps": 20, "sweep_steps": 20, "batch_size": 16, "seeds": 1}
    return lrfind.find(loss_fn, params, data, optimizer="sgd", confirm=False, **lengths)


@pytest.mark.parametrize("scoped", [False, True])
@pytest.mark.parametrize("name", VALUES)
def test_find_runs_and_leaves_the_settings_as_they_were(name: str, scoped: bool) -> None:
    expected = found().result.sweep.loss
    before = getattr(jax.config, name)
    context: Any = nullcontext()
    if scoped:
        context = getattr(jax, name.removeprefix("jax_"))(VALUES[name])
    else:
        jax.config.update(name, VALUES[name])
    try:
        with context:
            np.testing.assert_array_equal(found().result.sweep.loss, expected)
            assert getattr(jax.config, name) == VALUES[name]
    finally:
        jax.config.update(name, before)
        jax_settings.said_of_aside()


def test_what_is_set_aside_is_said_once() -> None:
    jax_settings.said_of_aside()
    assert jax_settings.set_aside() == {}
    assert jax_settings.said_of_aside() == ""
    jax.config.update("jax_numpy_rank_promotion", "raise")
    assert jax_settings.set_aside() == {"jax_numpy_rank_promotion": "raise"}
    assert jax_settings.said_of_aside().endswith("with it: jax_numpy_rank_promotion=raise")
    assert jax_settings.said_of_aside() == ""


READ = """
from lrfind.engine import devices
from lrfind.core.errors import InputError
try:
    print(devices.configure("cpu", cache=False))
except InputError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("XLA_FLAGS", "--xla_no_such_flag=1", "XLA refuses XLA_FLAGS=--xla_no_such_flag=1: "),
        ("XLA_FLAGS", "nonsense", "XLA refuses XLA_FLAGS=nonsense: "),
        ("XLA_FLAGS", "--xla_force_host_platform_device_count=2", "cpu"),
        ("JAX_ENABLE_X64", "maybe", "JAX cannot be imported with JAX_ENABLE_X64=maybe: "),
        ("JAX_NUMPY_DTYPE_PROMOTION", "x", "JAX cannot be imported with JAX_NUMPY_DTYPE_PROMOTION=x"),
        ("JAX_DEFAULT_MATMUL_PRECISION", "x", "JAX cannot be imported with "),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(name: str, value: str, said: str) -> None:
    environment = {key: each for key, each in os.environ.items() if not key.startswith("JAX_")}
    command = [sys.executable, "-c", READ]
    ran = subprocess.run(command, env={**environment, name: value}, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith(said), ran


def test_other_errors_of_the_import_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("JAX_")]:
        monkeypatch.delenv(name)
    with pytest.raises(ValueError, match="other"), jax_settings.readable():
        raise ValueError("other")
    monkeypatch.setenv("JAX_X", "1")
    with pytest.raises(InputError, match="JAX_X=1: other"), jax_settings.readable():
        raise ValueError("other")
