"""Streams of the user's with batches that are not like the others."""

from __future__ import annotations

import random
import re

from attack import Attempt, Ground, sound

STREAM = """\
import numpy as np

def batches(seed):
    rng = np.random.default_rng(seed)
    number = 0
    {pass_}
        rows = 16
        x = rng.normal(size=(rows, 4)).astype(np.float32)
        y = {targets}
        if {when}:
            open({reached!r}, 'w').close()
            {odd}
        yield {batch}
        number += 1
"""
LABELS = "(x[:, 0] > 0).astype(np.int64) + (x[:, 1] > 0)"
NUMBERS = "x.sum(axis=1, keepdims=True)"

FINE = {
    "targets of one axis": ("mse", "x.sum(axis=1)", "pass"),
    "targets of two axes": ("mse", NUMBERS, "pass"),
    "float64": ("mse", NUMBERS, "x, y = x.astype(np.float64), y.astype(np.float64)"),
    "labels of one byte": ("cross_entropy", f"({LABELS}).astype(np.uint8)", "pass"),
    "labels": ("cross_entropy", LABELS, "pass"),
    "mae, one axis": ("mae", "x.sum(axis=1)", "pass"),
    "huber, one axis": ("huber", "x.sum(axis=1)", "pass"),
}
"""Batches that work: the loss, the targets, what is done to each batch."""

ODD = {
    "negative label": ("cross_entropy", LABELS, "y[0] = -1"),
    "label too large": ("cross_entropy", LABELS, "y[0] = 1000"),
    "one class more": ("cross_entropy", LABELS, "y[3] = 3"),
    "label past int32": ("cross_entropy", LABELS, "y[0] = 2**40"),
    "label past int64": ("cross_entropy", LABELS, "y = y.astype(np.uint64); y[0] = 2**63 + 1"),
    "labels with a fraction": ("cross_entropy", LABELS, "y = y + 0.5"),
    "no rows": ("mse", NUMBERS, "x, y = x[:0], y[:0]"),
    "complex inputs": ("mse", NUMBERS, "x = x + 1j"),
    "complex targets": ("mse", NUMBERS, "y = y + 1j"),
    "objects": ("mse", NUMBERS, "x = x.astype(object); x[0, 0] = None"),
    "texts": ("mse", NUMBERS, "x = x.astype(str)"),
    "rows differ": ("mse", NUMBERS, "y = y[:-3]"),
    "another width": ("mse", NUMBERS, "x = x[:, :3]"),
    "another axis": ("mse", NUMBERS, "x = x[:, :, None]"),
    "no axis": ("mse", NUMBERS, "x = np.float32(3)"),
    "no pair": ("mse", NUMBERS, "x = None"),
    "ragged": ("mse", NUMBERS, "x = [[1, 2, 3, 4]] * 15 + [[1, 2, 3]]"),
    "dates": ("mse", NUMBERS, "y = y.astype('datetime64[s]')"),
    "generator": ("mse", NUMBERS, "x = (row for row in x)"),
}

LATE = ("one class more", "label too large")
"""What is as good as any other label among the first batches, by which classes are counted."""


def odd_stream(ground: Ground, rng: random.Random) -> Attempt:
    """One batch is odd, or all are: it works, or a sentence says which batch, and what was expected."""
    fine = rng.random() < 0.3
    table = FINE if fine else ODD
    what = rng.choice(list(table))
    loss, targets, odd = table[what]
    at = rng.choice([0, 1, 5, 20, 40, 90])
    when = rng.choice([f"number == {at}", f"number >= {at or 3}", "seed % 2 == 1 and number == 2", "epoch == 1"])
    if what in LATE:
        when = rng.choice(["number == 40", "number >= 90", "number == 33"])
    pass_ = "while True:"
    if when.startswith("epoch"):
        pass_ = "for epoch in (0, 1, 2, 3):\n      for _ in range(12):"
    if fine:
        when, pass_ = "True", "while True:"
    reached = ground.folder / "reached"
    stream = STREAM.format(pass_=pass_, targets=targets, when=when, odd=odd, batch="x, y", reached=str(reached))
    ground.write({"my.py": stream})
    sweep = {"min_lr": 1e-4, "max_lr": 1, "steps": 100, "seeds": 4, "extend": False}
    ground.config(data={"target": "my.py:batches"}, loss=loss, sweep=sweep, train={"steps": 100})
    command = rng.choice(["sweep", "check", "train"])
    ran = ground.lrfind(command, "c.yaml", "--no-plot")
    wrong = sound(ran, *((0, 1) if fine or not reached.exists() else (2, 3)))
    if not fine and ran.code in (2, 3) and not re.search(r"\bbatch(es)?\b", ran.err):
        wrong.append("no batch is named")
    return Attempt("odd batches" if not fine else "plain batches work", f"{what} where {when}, {command}", tuple(wrong))
