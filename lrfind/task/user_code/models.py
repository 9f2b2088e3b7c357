"""The `Model` of a user's network, loss function with its parameters, or train step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lrfind.core.errors import InputError, OwnCodeError
from lrfind.task.models.contract import FORWARD, Key, Model
from lrfind.task.user_code.partition import StaticLeaves
from lrfind.task.user_code.pytrees import Keys, Tree, arrays, check_same, is_key
from lrfind.task.user_code.recognize import UserModel
from lrfind.task.user_code.signature import Roles
from lrfind.task.user_code.tracebacks import kind_of, shape_of, user_call

KEY = "model.target"

ONE_STEP = 1.0
"""What evaluating by a train step at rate zero costs, in steps."""

GRADIENT_NORM = ("gradient_norm", "grad_norm")
UPDATE_NORM = ("update_norm",)


def model(user_model: UserModel, example: Tree) -> Model:
    """Return the model of a loss function with its parameters, or of a train step.

    Args:
        user_model: the user's model.
        example: a batch.
    """
    return losing(user_model, example) if user_model.kind == "loss" else stepping(user_model, example)


def starting(
    user_model: UserModel, example: Tree, outputs: int | None, settings: StaticLeaves, *, stateful: bool
) -> Callable[[Key], tuple[Any, Any]]:
    """Return ``key -> (params, state)`` from a user's ``init`` or values; `settings` keeps what is not trained."""
    if user_model.init is None:
        given = arrays(settings.take(user_model.values), f"params of {user_model.title}", KEY)
        return lambda key: (given, ())
    what, named = f"init of {user_model.title}", ("input_shape", "outputs")
    usage = "init(key), init(key, input_shape) or init(key, inputs)"
    init = Roles(user_model.init, what, order=("key", "inputs"), named=named, needed=1, usage=usage, key=KEY)
    inputs = inputs_of(example)
    shape = np.shape(inputs)[1:] if hasattr(inputs, "shape") else jax.tree.map(lambda leaf: leaf.shape[1:], inputs)
    if "outputs" in init.roles and outputs is None:
        raise InputError(f"{what} asks for the number of outputs, which the data does not say; use kwargs", key=KEY)

    def run(raw: Any, inputs: Tree) -> tuple[Any, Any]:
        made = init(key=raw, inputs=inputs, input_shape=shape, outputs=outputs)
        if stateful:
            if not (isinstance(made, tuple) and len(made) == 2):
                raise InputError(
                    f"{what} returned {shape_of(made)}; apply takes a state, so (params, state) is expected", key=KEY
                )
            return made
        if isinstance(made, tuple) and len(made) == 2 and is_shape(made[0]):
            return made[1], ()  # (output shape, params), as of jax.example_libraries.stax
        return made, ()

    compiled = jax.jit(run)

    def start(key: Key) -> tuple[Any, Any]:
        try:
            params, state = compiled(key, inputs)
        except (OwnCodeError, TypeError) as error:
            cause = error.__cause__ if isinstance(error, OwnCodeError) else error
            if not isinstance(cause, (TypeError, jax.errors.JAXTypeError)):
                raise
            params, state = run(key, inputs)  # Not all that makes weights can be traced, and it need not be.
        return arrays(settings.take(params), f"params of {what}", KEY), arrays(state, f"state of {what}", KEY)

    return start


def inputs_of(batch: Tree) -> Tree:
    """Return the inputs of a pair; else the whole batch."""
    return batch[0] if isinstance(batch, tuple) and len(batch) == 2 else batch


def is_shape(value: Any) -> bool:
    """Return whether a value is a tuple of whole numbers."""
    return isinstance(value, tuple) and bool(value) and all(isinstance(size, int) for size in value)


class OwnNetwork:
    """A network of the user's own, from ``init`` and ``apply``.

    Args:
        user_model: the user's model.
        example: a batch.
        outputs: number of outputs that it must have; None if unknown.
        any_tree: whether outputs may be any pytree, as for a user's loss.
    """

    def __init__(self, user_model: UserModel, example: Tree, outputs: int | None, *, any_tree: bool) -> None:
        self._what = f"apply of {user_model.title}"
        self._any_tree = any_tree
        self._apply = Roles(
            user_model.function,
            self._what,
            order=("params", "inputs"),
            named=("state", "key", "train", "evaluation"),
            needed=2,
            usage="apply(params, [state,] inputs, [key,] [train])",
            key=KEY,
        )
        pair(example, user_model.title)
        self._settings = StaticLeaves()
        self.init = starting(user_model, example, outputs, self._settings, stateful="state" in self._apply.roles)

    def apply(self, params: Any, state: Any, inputs: Any, key: Any, train: bool) -> tuple[Any, Any]:
        """Return the outputs of the user's `apply` and the new state.

        Raises:
            InputError: the outputs are no array, or the state is missing or another.
        """
        what = self._what
        params = self._settings.give(params)
        outputs = self._apply(params=params, state=state, inputs=inputs, train=train, evaluation=not train, key=key)
        if "state" in self._apply.roles:
            if not (isinstance(outputs, tuple) and len(outputs) == 2):
                raise InputError(
                    f"{what} returned {shape_of(outputs)}; it takes a state, so (outputs, state) is expected", key=KEY
                )
            outputs, after = outputs
            check_same(jax.eval_shape(lambda: state), jax.eval_shape(lambda: after), what, KEY, types=False)
            state = jax.tree.map(lambda new, old: jnp.asarray(new, old.dtype), after, state)
        if not (self._any_tree or hasattr(outputs, "dtype")):
            raise InputError(f"{what} returned {shape_of(outputs)}; an array is expected", key=KEY)
        return outputs, state

    def describe(self) -> str:
        """Return a phrase for reports."""
        return self._what


def pair(batch: Tree, title: str) -> tuple[Tree, Tree]:
    """Return inputs and targets of a batch.

    Raises:
        InputError: the batch is not a pair.
    """
    if isinstance(batch, tuple) and len(batch) == 2:
        return batch
    raise InputError(
        f"a batch is {shape_of(batch)}; {title} is a network and needs (inputs, targets), of which inputs may be any "
        "pytree; for other batches return (loss_fn, params)",
        key="data.target",
    )


def losing(user_model: UserModel, example: Tree) -> Model:
    """Return the model of ``loss_fn`` and ``params``."""
    what = f"loss_fn of {user_model.title}"
    call = Roles(
        user_model.function,
        what,
        order=("params", "batch", "key"),
        named=("key", "train", "evaluation", "state"),
        needed=2,
        usage="loss_fn(params, batch) or loss_fn(params, batch, key)",
        key=KEY,
    )
    if "state" in call.roles:
        raise InputError(f"{what} takes a state; return (init, apply), or a whole (step, state)", key=KEY)

    settings = StaticLeaves()

    def evaluate(params: Any, state: Any, batch: Any, key: Any, train: bool) -> tuple[jax.Array, tuple[Any, Any]]:
        value = call(params=settings.give(params), batch=batch, train=train, evaluation=not train, key=key)
        if isinstance(value, tuple) and len(value) == 2:
            value = value[0]  # (loss, whatever), as value_and_grad(has_aux=True) has it
        return scalar(value, what, KEY), (state, {})

    return Model(starting(user_model, example, None, settings, stateful=False), evaluate)


def scalar(value: Any, what: str, key: str) -> jax.Array:
    """Return a loss as a real scalar.

    Raises:
        InputError: the value is not a single real number.
    """
    if not (hasattr(value, "dtype") or isinstance(value, float | int)):
        raise InputError(f"{what} returned {kind_of(value)}; a scalar loss is expected", key=key)
    array = jnp.asarray(value)
    if array.ndim:
        shape = f"{array.dtype}{list(array.shape)}"
        if array.size != 1:
            raise InputError(f"{what} returned {shape}; a scalar is expected: take the mean of the batch", key=key)
        array = array.reshape(())
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise InputError(f"{what} returned {array.dtype}; a real number is expected", key=key)
    return array


def stepping(user_model: UserModel, example: Tree) -> Model:
    """Return the model of a train step, whose state takes the place of the parameters."""
    what = f"step of {user_model.title}"
    order, usage = ("state", "batch", "rate", "key"), "step(state, batch, lr, key)"
    call = Roles(user_model.function, what, order=order, named=("rate", "key"), needed=3, usage=usage, key=KEY)
    keys: list[Keys] = []
    settings = StaticLeaves(trained=False)

    def whole(state: Any) -> Any:
        return settings.give(keys[0].lift(state))

    def init(key: Key) -> tuple[Any, Any]:
        made = settings.take(starting_state(user_model, example, key))
        keys[:] = [Keys(made)]
        return arrays(keys[0].lower(made), f"state of {user_model.title}", KEY), ()

    def step(state: Any, batch: Any, rate: Any, key: Any) -> tuple[Any, Any, Any, Any]:
        given = whole(state)
        made = call(state=given, batch=batch, rate=rate, key=key)
        if not (isinstance(made, tuple) and len(made) == 2):
            raise InputError(f"{what} returned {shape_of(made)}; (state, loss) is expected", key=KEY)
        before, after, record = settings.take(given), settings.take(made[0]), made[1]
        check_same(jax.eval_shape(lambda: before), jax.eval_shape(lambda: after), what, KEY)
        unknown = jnp.full((), jnp.nan)
        norms = (entry(record, *names) for names in (GRADIENT_NORM, UPDATE_NORM))
        loss = scalar(loss_of(record, what), what, KEY)
        return keys[0].lower(after), loss, *(unknown if norm is None else norm for norm in norms)

    def evaluate(params: Any, state: Any, batch: Any, key: Any, train: bool) -> tuple[jax.Array, tuple[Any, Any]]:
        if user_model.evaluate is None:
            raw = np.zeros(2, np.uint32) if key is None else key
            return step(params, batch, jnp.zeros((), jnp.float32), raw)[1], (state, {})
        with user_call(f"evaluate of {user_model.title}", {"state": params, "batch": batch}):
            value = user_model.evaluate(whole(params), batch)
        return scalar(value, f"evaluate of {user_model.title}", KEY), (state, {})

    return Model(init, evaluate, step, ONE_STEP if user_model.evaluate is None else FORWARD)


def starting_state(user_model: UserModel, example: Tree, raw: Key) -> Tree:
    """Return the state before the first step."""
    if user_model.init is None:
        return user_model.values
    what = f"init of {user_model.title}"
    init = Roles(user_model.init, what, order=("key", "inputs"), needed=1, usage="init(key)", key=KEY)
    return init(key=raw, inputs=inputs_of(example))


def loss_of(record: Any, what: str) -> Any:
    """Return the loss from the record that a step returned beside its state."""
    if isinstance(record, Mapping) or hasattr(record, "loss"):
        loss = entry(record, "loss")
        if loss is None:
            raise InputError(f"{what} returned a record of {', '.join(map(str, record))}; 'loss' is expected", key=KEY)
        return loss
    return record


def entry(record: Any, *names: str) -> Any:
    """Return a value of a record by one of its names; None without any."""
    if isinstance(record, Mapping):
        return next((record[name] for name in names if name in record), None)
    return next((getattr(record, name) for name in names if hasattr(record, name)), None)


def refuse_whole_numbers(params: Tree, title: str) -> None:
    """Check that every parameter is a real number, which has a gradient.

    Raises:
        InputError: a parameter is not, or there is none.
    """
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        if is_key(leaf) or not jnp.issubdtype(leaf.dtype, jnp.inexact):
            position = jax.tree_util.keystr(path) or "as a whole"
            raise InputError(
                f"params of {title} hold {leaf.dtype}{list(leaf.shape)} at {position}; what is trained must be real "
                "numbers, so keep the others in the function, or in the state",
                key=KEY,
            )
    if not jax.tree.leaves(params):
        raise InputError(f"params of {title} are empty; there is nothing to train", key=KEY)
