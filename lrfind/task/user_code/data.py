"""What the user's data is: arrays, batches, or a function that makes batches for a seed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import numpy as np

from lrfind.core.errors import InputError
from lrfind.engine.evaluation import AT_ONCE, cut, rows_in
from lrfind.engine.host_batches import host_feed
from lrfind.engine.train_loop import BatchFeed
from lrfind.task.batch_source import Part, fingerprint, pick, shapes
from lrfind.task.data.batches import ORDER, Batches, generator
from lrfind.task.user_code.batch_cache import Fit, MemoryBudget, Stream
from lrfind.task.user_code.pytrees import Tree, alike, arrays
from lrfind.task.user_code.signature import check_keywords, wants
from lrfind.task.user_code.tracebacks import kind_of, shape_of, user_call

KEY = "data.target"

HELD_OUT = -1
"""What is held out has its stream beside those of the seeds."""

DIGESTED = 8
"""Batches that stand for all in the fingerprint: reading the rest would be a pass of its own."""

VALID = (
    "arrays (inputs, targets), a dict or any pytree of them with one leading axis; a list or another iterable of "
    "batches; or a function of a seed that makes batches"
)


@dataclass(frozen=True)
class UserArrays:
    """Whole arrays.

    Attributes:
        train: pytree of arrays with one leading axis.
        validation: the same for what is held out; None where nothing is given.
    """

    train: Tree
    validation: Tree | None


@dataclass(frozen=True)
class BatchFactory:
    """Batches, however they come.

    Attributes:
        start: ``(seed, epoch) -> iterable``.
        seeded: whether the seed makes a difference.
    """

    start: Callable[[int, int], Any]
    seeded: bool


def recognise(found: Any, kwargs: Mapping[str, Any], title: str, key: str = KEY) -> UserArrays | BatchFactory:
    """What the user's data is.

    Args:
        found: the object of theirs, a function that makes it, or a function of a seed.
        kwargs: keywords of the function.
        title: how messages call it.
        key: the config key that refers to it.

    Raises:
        InputError: it is nothing of the kind.
        OwnCodeError: the function raised.
    """
    if callable(found) and not is_data(found):
        return _called(found, kwargs, title, key)
    if kwargs:
        raise InputError(f"{title} is {kind_of(found)} and takes no keywords", key=f"{key.rpartition('.')[0]}.kwargs")
    return _understood(found, title, key, again=None)


def is_data(found: Any) -> bool:
    """Whether a callable object is data all the same."""
    return not isinstance(found, type) and (hasattr(found, "__array__") or hasattr(found, "__iter__"))


def _called(function: Callable[..., Any], kwargs: Mapping[str, Any], title: str, key: str) -> UserArrays | BatchFactory:
    seed = None if (name := wants(function, "seed")) in kwargs else name
    epoch = None if (name := wants(function, "epoch")) in kwargs else name
    own = {name for name in (seed, epoch) if name}
    check_keywords(function, {**kwargs, **dict.fromkeys(own, 0)}, title, key.rpartition(".")[0])

    def start(number: int, passed: int) -> Any:
        given = {**kwargs} | ({seed: number} if seed else {}) | ({epoch: passed} if epoch else {})
        with user_call(title):
            return function(**given)

    if seed or epoch:
        made = start(0, 0)
        if not isinstance(made, Iterable) or isinstance(made, Mapping) or is_tree(made):
            raise InputError(
                f"{title} takes a {seed or epoch}, and returned {described(made)}; batches, one after the other, are "
                "expected",
                key=key,
            )
        return BatchFactory(start, seeded=bool(seed))
    return _understood(start(0, 0), title, key, again=lambda: start(0, 0))


def _understood(found: Any, title: str, key: str, again: Callable[[], Any] | None) -> UserArrays | BatchFactory:
    if isinstance(found, Mapping) and {"train"} <= found.keys() <= {"train", "validation"}:
        train = _understood(found["train"], title, key, again and (lambda: again()["train"]))
        if isinstance(train, UserArrays) and "validation" in found:
            held_out = _understood(found["validation"], title, key, None)
            if isinstance(held_out, UserArrays):
                return UserArrays(train.train, held_out.train)
        if "validation" in found:
            raise InputError(f"'train' of {title} is batches; give data.validation for the others", key=key)
        return train
    if is_tree(found):
        tree = arrays(found, title, key)
        sizes = {leaf.shape[0] if leaf.ndim else None for leaf in jax.tree.leaves(tree)}
        if len(sizes) != 1 or None in sizes or 0 in sizes:
            raise InputError(
                f"{title} returned {shape_of(tree)}; arrays need the same number of rows (a list is read as batches)",
                key=key,
            )
        return UserArrays(tree, None)
    if isinstance(found, Iterator):
        if again is None:
            raise InputError(
                f"{title} is a {type(found).__name__}, which runs once; give the function that makes it, best with a "
                "parameter called seed",
                key=key,
            )
        return BatchFactory(lambda seed, epoch: again(), seeded=False)
    if isinstance(found, Iterable) and not isinstance(found, str | bytes | Mapping):
        return BatchFactory(lambda seed, epoch: found, seeded=False)
    raise InputError(f"{title} returned {described(found)}; expected are {VALID}", key=key)


def is_tree(found: Any) -> bool:
    """Whether it is arrays, alone or in tuples and dicts; a list is batches."""
    if isinstance(found, list | str | bytes):
        return False
    if hasattr(found, "dtype") and hasattr(found, "shape"):
        return True
    if not isinstance(found, tuple | Mapping) or not found:
        return False
    leaves = jax.tree.leaves(found)
    return bool(leaves) and all(hasattr(leaf, "shape") and hasattr(leaf, "dtype") for leaf in leaves)


def described(found: Any) -> str:
    """What something is, for a message."""
    return shape_of(found) if isinstance(found, tuple | dict) else kind_of(found)


@dataclass(frozen=True)
class Streamed:
    """Batches of the user's own as a source.

    Attributes:
        title: how reports call them.
        made: by the user's code.
        held_out: batches or arrays to judge by; None where none are given.
        seed: the run's.
        example: the first batch.
        fits: what every batch goes through; may grow.
    """

    title: str
    made: BatchFactory
    held_out: UserArrays | BatchFactory | None
    seed: int
    example: Tree
    fits: list[Fit] = field(default_factory=list)
    _streams: dict[int, Stream] = field(default_factory=dict)
    _room: MemoryBudget = field(default_factory=MemoryBudget)

    @property
    def batch_rows(self) -> int:
        return rows_in(self.example)

    @property
    def batch_bytes(self) -> int:
        return sum(int(leaf.nbytes) for leaf in jax.tree.leaves(self.example))

    @property
    def nbytes(self) -> int:
        return 2 * self.batch_bytes

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know."""
        found = []
        if not self.made.seeded:
            found.append(
                f"{self.title} gives every seed the same batches in the same order, so the seeds differ in their "
                "weights alone; give a function with a parameter called seed"
            )
        skipped = self.stream(0).skipped
        if skipped:
            batches = "batch" if skipped == 1 else "batches"
            found.append(f"{skipped:,} smaller {batches} of each pass over {self.title} left out")
        return tuple(found)

    def stream(self, lane_seed: int) -> Stream:
        """The batches of a seed; all seeds share one where it makes no difference."""
        own = lane_seed if self.made.seeded else 0
        if own not in self._streams:
            number = int(generator(self.seed, own, ORDER).integers(2**31 - 1))

            def start(epoch: int) -> Any:
                return self.made.start(number, epoch)

            like = self._streams[0].template if own and 0 in self._streams else None
            title = self.title if like is None else f"{self.title} for seed {number}"
            self._streams[own] = Stream(start, title, self._room, KEY, self.fits, like)
        return self._streams[own]

    def per_epoch(self) -> int:
        return self.stream(0).count()

    def feed(self, seeds: Sequence[int], batches: Batches) -> BatchFeed:
        streams = [self.stream(seed) for seed in seeds]

        def made(number: int, begin: int, stop: int) -> Tree:
            return streams[number].stack(begin, stop, batches.accumulate)

        return host_feed(made, lambda number, *steps: batches.keys(seeds[number], *steps))

    def sample(self, part: Part, rows: int, at_once: int = AT_ONCE) -> list[Tree] | None:
        del at_once  # They come as they are.
        wanted = max(1, -(-rows // self.batch_rows))
        if part == "train":
            return self.stream(0).take(wanted)
        if self.held_out is None:
            return None
        if isinstance(self.held_out, UserArrays):
            rows_held = pick(self.held_out.train, rows)
            for fit in self.fits:
                rows_held = fit(rows_held, "data.validation", "data.validation")
            return cut(rows_held, self.batch_rows, at_once=self.batch_rows)
        if HELD_OUT not in self._streams:
            made, title = self.held_out, "data.validation"
            self._streams[HELD_OUT] = Stream(
                lambda epoch: made.start(0, epoch), title, MemoryBudget(), title, self.fits
            )
        return self._streams[HELD_OUT].take(wanted)

    def first(self, rows: int) -> Tree:
        return self.example

    def digest(self) -> str:
        found = hashlib.blake2b(digest_size=16)
        for batch in self.stream(0).take(DIGESTED):
            fingerprint(found, batch)
        for batch in self.sample("validation", DIGESTED * self.batch_rows) or ():
            fingerprint(found, batch)
        return found.hexdigest()

    def seen(self, seeds: Sequence[int] | None, stop: int | None) -> Sequence[Mapping[str, Any]]:
        known = self._streams if seeds is None else {seed if self.made.seeded else 0 for seed in seeds}
        found = {own: self._streams[own].marks.unrecorded(stop) for own in sorted(known)}
        return [
            {"kind": "batches", "seed": own, "start": more[0], "sums": more[1]} for own, more in found.items() if more
        ]

    def expect(self, line: Mapping[str, Any]) -> None:
        own = line["seed"]
        if own != HELD_OUT or HELD_OUT in self._streams:
            stream = self._streams[own] if own == HELD_OUT else self.stream(own)
            stream.marks.expect(line["start"], line["sums"])

    def describe(self) -> str:
        passed = self.stream(0).per_pass
        batches = "batches" if passed is None else f"{passed:,} batches"
        held_out = "none held out" if self.held_out is None else "others held out"
        return f"{self.title}: {batches} of {self.batch_rows:,} rows, {held_out}, {shapes(self.example)}"


def streamed(
    made: BatchFactory, held_out: UserArrays | BatchFactory | None, title: str, seed: int, fits: Sequence[Fit] = ()
) -> Streamed:
    """Batches as a source; the first one is looked at.

    Args:
        made: by the user's code.
        held_out: the same for what is held out; None where nothing is.
        title: how reports call them.
        seed: the run's.
        fits: what every batch goes through.
    """
    empty = Streamed(title, made, held_out, seed, np.zeros(1), list(fits))
    source = replace(empty, example=empty.stream(0).first())
    if held_out is not None:
        check_alike(source, held_out, title)
    return source


def check_alike(source: Streamed, held_out: UserArrays | BatchFactory, title: str) -> None:
    """What is held out must look as what is trained on."""
    batch = (source.sample("validation", 1) or [None])[0]
    same = alike(batch, source.example) and all(
        one.shape[1:] == other.shape[1:] and one.dtype == other.dtype
        for one, other in zip(jax.tree.leaves(batch), jax.tree.leaves(source.example), strict=True)
    )
    if not same:
        raise InputError(
            f"a batch held out is {shape_of(batch)}, and one of {title} to train on is {shape_of(source.example)}; "
            "they must agree but for the rows",
            key="data.validation",
        )
