"""The `Model` of a user's network, loss function with its parameters, or train step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from lrfind.core.errors import InputError, OwnCodeError
from lrfind.task.data.targets import LABEL_LOSSES
from lrfind.task.models.contract import FORWARD, Key, Loss, Model
from lrfind.task.user_code import pytrees
from lrfind.task.user_code.pytrees import StaticLeaves, Tree, arrays, check_same, is_key, is_pair
from lrfind.task.user_code.recognize import UserModel
from lrfind.task.user_code.signature import KEY, Roles
from lrfind.task.user_code.tracebacks import kind_of, shape_of, user_call


def starting(
    user_model: UserModel, example: Tree, outputs: int | None, settings: StaticLeaves, *, stateful: bool
) -> Callable[[Key], tuple[Any, Any]]:
    """Return ``key -> (params, state)`` from a user's ``init`` or values; `settings` keeps what is not trained."""
    if user_model.init is None:
        given = arrays(settings.take(user_model.values), f"params of {user_model.title}", KEY)
        return lambda key: (given, ())
    what, named = f"init of {user_model.title}", ("input_shape", "outputs")
    usage = "init(key), init(key, input_shape) or init(key, inputs)"
    init = Roles(user_model.init, what, order=("key", "inputs"), named=named, needed=1, usage=usage)
    inputs = inputs_of(example)
    shape = jax.tree.map(lambda leaf: leaf.shape[1:], inputs)
    if "outputs" in init.roles and outputs is None:
        raise InputError(f"{what} asks for the number of outputs, which the data does not say; use kwargs", key=KEY)

    def run(raw: Any, inputs: Tree) -> tuple[Any, Any]:
        made = init(key=raw, inputs=inputs, input_shape=shape, outputs=outputs)
        if stateful:
            return pair_of(made, what, "apply takes a state, so (params, state)")
        if is_pair(made) and is_shape(made[0]):
            return made[1], ()  # (output shape, params), as of jax.example_libraries.stax
        return made, ()

    compiled = jax.jit(run)

    def start(key: Key) -> tuple[Any, Any]:
        try:
            params, state = compiled(key, inputs)
        except (OwnCodeError, TypeError) as error:
            if not isinstance(error.__cause__ if isinstance(error, OwnCodeError) else error, TypeError):
                raise
            params, state = run(key, inputs)  # Not all that makes weights can be traced, and it need not be.
        return arrays(settings.take(params), f"params of {what}", KEY), arrays(state, f"state of {what}", KEY)

    return start


def inputs_of(batch: Tree) -> Tree:
    """Return the inputs of a pair; else the whole batch."""
    return batch[0] if is_pair(batch) else batch


def is_shape(value: Any) -> bool:
    """Return whether a value is a tuple of whole numbers."""
    return isinstance(value, tuple) and bool(value) and all(isinstance(size, int) for size in value)


def pair_of(value: Any, what: str, expected: str) -> tuple[Any, Any]:
    """Return the two values that a user's function returned.

    Raises:
        InputError: the value is no pair.
    """
    if not is_pair(value):
        raise InputError(f"{what} returned {shape_of(value)}; {expected} is expected", key=KEY)
    return value[0], value[1]


class OwnNetwork:
    """A network of the user's own, from ``init`` and ``apply``.

    Args:
        user_model: the user's model.
        example: a batch.
        outputs: number of outputs that it must have; None if unknown.
        any_tree: whether outputs may be any pytree, as for a user's loss.
    """

    def __init__(self, user_model: UserModel, example: Tree, outputs: int | None, *, any_tree: bool) -> None:
        self._description = user_model.description
        self._what = f"apply of {user_model.title}"
        self._any_tree = any_tree
        self._apply = Roles(
            user_model.function,
            self._what,
            order=("params", "inputs"),
            named=("state", "key", "train", "evaluation"),
            needed=2,
            usage="apply(params, [state,] inputs, [key,] [train])",
        )
        targets_of(example, user_model.title)
        self._settings = StaticLeaves()
        self.init = starting(user_model, example, outputs, self._settings, stateful="state" in self._apply.roles)

    def apply(self, params: Any, state: Any, inputs: Any, key: Any, train: bool) -> tuple[Any, Any]:
        """Return the outputs of the user's `apply` and the new state.

        Raises:
            InputError: the outputs are no array, or the state is missing or another.
        """
        params = self._settings.give(params)
        outputs = self._apply(params=params, state=state, inputs=inputs, train=train, evaluation=not train, key=key)
        if "state" in self._apply.roles:
            outputs, after = pair_of(outputs, self._what, "it takes a state, so (outputs, state)")
            check_same(state, after, self._what, types=False)
            state = jax.tree.map(lambda new, old: jnp.asarray(new, old.dtype), after, state)
        if not (self._any_tree or hasattr(outputs, "dtype")):
            raise InputError(f"{self._what} returned {shape_of(outputs)}; an array is expected", key=KEY)
        return outputs, state

    def describe(self) -> str:
        """Return a phrase for reports."""
        return self._description


def targets_of(batch: Tree, title: str) -> Tree:
    """Return the targets of a batch.

    Raises:
        InputError: the batch is not a pair.
    """
    if is_pair(batch):
        return batch[1]
    raise InputError(
        f"a batch is {shape_of(batch)}; {title} is a network and needs (inputs, targets), of which inputs may be any "
        "pytree; for other batches return (loss_fn, params)",
        key="data.target",
    )


def fitted(name: str, loss: Loss, classes: int | None, what: str) -> Loss:
    """Return a built-in loss that checks the outputs of a user's network, and drops axes of length one."""

    def checked(outputs: Any, targets: Any) -> jax.Array:
        given, wanted = tuple(outputs.shape), tuple(targets.shape)
        if name in LABEL_LOSSES:
            last = classes or "classes"
            fits = given[:-1] == wanted and (classes is None or given[-1] >= classes)
            expected = f"{targets.dtype}{list(wanted)} with {last} classes" if classes else f"labels {list(wanted)}"
            shape = f"[{', '.join(map(str, (*wanted, last)))}]"
        else:
            squeezed = [tuple(size for size in sizes if size != 1) for sizes in (given, wanted)]
            fits = squeezed[0] == squeezed[1]
            expected, shape = f"{targets.dtype}{list(wanted)}", str(list(wanted))
            outputs = outputs.reshape(wanted) if fits else outputs
        if not fits:
            raise InputError(
                f"{what} returned {outputs.dtype}{list(given)}; targets are {expected}, so {name} needs {shape}",
                key=KEY,
            )
        return loss(outputs, targets)

    return checked


def losing(user_model: UserModel, example: Tree) -> Model:
    """Return the model of ``loss_fn`` and ``params``."""
    what, order = f"loss_fn of {user_model.title}", ("params", "batch", "key")
    usage = "loss_fn(params, batch) or loss_fn(params, batch, key)"
    named = ("key", "train", "evaluation", "state")
    call = Roles(user_model.function, what, order=order, named=named, needed=2, usage=usage)
    if "state" in call.roles:
        raise InputError(f"{what} takes a state; return (init, apply), or a whole (step, state)", key=KEY)
    settings = StaticLeaves()

    def evaluate(params: Any, state: Any, batch: Any, key: Any, train: bool) -> tuple[jax.Array, tuple[Any, Any]]:
        value = call(params=settings.give(params), batch=batch, train=train, evaluation=not train, key=key)
        # A pair is (loss, whatever), as value_and_grad(has_aux=True) has it.
        return scalar(value[0] if is_pair(value) else value, what, KEY), (state, {})

    return Model(starting(user_model, example, None, settings, stateful=False), evaluate)


def scalar(value: Any, what: str, key: str) -> jax.Array:
    """Return a loss as a real scalar.

    Raises:
        InputError: the value is not a single real number.
    """
    if not (hasattr(value, "dtype") or isinstance(value, float | int)):
        raise InputError(f"{what} returned {kind_of(value)}; a scalar loss is expected", key=key)
    array = jnp.asarray(value)
    if array.size != 1:
        shape = f"{array.dtype}{list(array.shape)}"
        raise InputError(f"{what} returned {shape}; a scalar is expected: take the mean of the batch", key=key)
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise InputError(f"{what} returned {array.dtype}; a real number is expected", key=key)
    return array.reshape(()) if array.ndim else array


def stepping(user_model: UserModel, example: Tree) -> Model:
    """Return the model of a train step, whose state takes the place of the parameters."""
    what = f"step of {user_model.title}"
    order, usage = ("state", "batch", "rate", "key"), "step(state, batch, lr, key)"
    call = Roles(user_model.function, what, order=order, named=("rate", "key"), needed=3, usage=usage)
    kinds: list[str | None] = []
    settings = StaticLeaves(trained=False)

    def init(key: Key) -> tuple[Any, Any]:
        made = user_model.values
        if user_model.init is not None:
            of_init = f"init of {user_model.title}"
            start = Roles(user_model.init, of_init, order=("key", "inputs"), needed=1, usage="init(key)")
            made = start(key=key, inputs=inputs_of(example))
        made = settings.take(made)
        kinds[:] = pytrees.key_kinds(made)
        return arrays(pytrees.lower_keys(made), f"state of {user_model.title}", KEY), ()

    def whole(state: Any) -> Any:
        return settings.give(pytrees.lift_keys(state, kinds))

    def step(state: Any, batch: Any, rate: Any, key: Any) -> tuple[Any, Any, Any, Any]:
        given = whole(state)
        made, record = pair_of(call(state=given, batch=batch, rate=rate, key=key), what, "(state, loss)")
        after = settings.take(made)
        check_same(settings.take(given), after, what)
        unknown = jnp.full((), jnp.nan)
        norms = entry(record, "gradient_norm", "grad_norm"), entry(record, "update_norm")
        loss = scalar(loss_of(record, what), what, KEY)
        return pytrees.lower_keys(after), loss, *(unknown if norm is None else norm for norm in norms)

    def evaluate(params: Any, state: Any, batch: Any, key: Any, train: bool) -> tuple[jax.Array, tuple[Any, Any]]:
        if user_model.evaluate is None:
            return step(params, batch, jnp.zeros((), jnp.float32), key)[1], (state, {})
        with user_call(f"evaluate of {user_model.title}", {"state": params, "batch": batch}):
            value = user_model.evaluate(whole(params), batch)
        return scalar(value, f"evaluate of {user_model.title}", KEY), (state, {})

    # Without a function to evaluate, a step at rate zero does, at the cost of one.
    return Model(init, evaluate, step, 1.0 if user_model.evaluate is None else FORWARD)


def loss_of(record: Any, what: str) -> Any:
    """Return the loss from the record that a step returned beside its state."""
    if not (isinstance(record, Mapping) or hasattr(record, "loss")):
        return record
    if (loss := entry(record, "loss")) is None:
        raise InputError(f"{what} returned a record of {', '.join(map(str, record))}; 'loss' is expected", key=KEY)
    return loss


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
