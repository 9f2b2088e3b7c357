"""Comparisons of optimisers and of batch sizes in every form: golden files, and words that are not ours."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lrfind.analysis.comparison import Comparison, labelled
from lrfind.core.result import Result
from lrfind.report.compare.comparison_report import markdown
from lrfind.report.compare.comparison_report import report as table
from lrfind.report.compare.comparison_sheet import SCHEMA, to_json
from lrfind.report.plots.comparison_figure import COLORS
from lrfind.report.plots.figures import draw
from lrfind.report.wording import Look
from tests.report.conftest import Golden, confirmed, no_rate, typical


def variant(base: Result, name: str, rate: float | None, **sections: Any) -> Result:
    """A result as `lrfind compare` has it of one variant, its interval a factor 2 wide on each side."""
    low, high = (None, None) if rate is None else (rate / 2, rate * 2)
    advised = replace(base.recommendation, learning_rate=rate, low=low, high=high)
    return replace(base, name=name, recommendation=advised, config=base.config | sections)


def optimizers() -> Comparison:
    """Four optimisers: two confirmed, one not, one without a rate."""
    runs = [
        variant(confirmed(), "sgd", 0.21, optimizer={"name": "sgd"}),
        variant(confirmed(), "momentum", 0.024, optimizer={"name": "sgd", "momentum": 0.9}),
        variant(typical(), "adamw", 1.3e-3, optimizer={"name": "adamw", "weight_decay": 0.01, "clip_norm": 1.0}),
        variant(no_rate(), "lion", None, optimizer={"name": "lion"}),
    ]
    return Comparison(labelled([(f"c-compare/{each.name}", each) for each in runs]), "optimizer")


def batch_sizes() -> Comparison:
    """Rates that grow as the batch's 0.7th power."""
    runs = [
        variant(typical(), f"batch-{size}", rate, data={"name": "digits", "batch_size": size})
        for size, rate in ((16, 1e-3), (64, 2.639e-3), (256, 6.9644e-3))
    ]
    return Comparison(labelled([(f"c-compare/{each.name}", each) for each in runs]), "batch_size")


CASES = {"optimizers": optimizers, "batch_sizes": batch_sizes}


@pytest.mark.parametrize("case", CASES)
def test_golden(golden: Golden, case: str) -> None:
    found = CASES[case]()
    golden(f"compare.{case}.80.txt", table(found, Look(width=80, color=False, unicode=True)))
    golden(f"compare.{case}.120.ascii.txt", table(found, Look(width=120, color=False, unicode=False)))
    golden(f"compare.{case}.md", markdown(found, Look()))
    if found.law is None:  # What a fit has in its last digits is the platform's.
        golden(f"compare.{case}.json", to_json(found))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_table_has_every_run_within_its_width(case: str, width: int) -> None:
    found = CASES[case]()
    text = table(found, Look(width=max(width, 60), color=False, unicode=True))
    for entry in found.entries:
        assert re.search(rf"^ ?{entry.label} ", text, re.MULTILINE)
    body = text.split("\n\n")[0].splitlines()
    assert max(map(len, body)) <= max(width, 60)


def test_the_scaling_is_that_of_the_rates() -> None:
    record = json.loads(to_json(batch_sizes()))
    assert record["schema"] == SCHEMA
    law = record["scaling"]
    assert law["exponent"] == pytest.approx(0.7, rel=1e-3)
    assert law["low"] < 0.7 < law["high"]
    # Laid through rates of exponent 0.7 over a factor of 16, a line of another misses at both ends alike.
    assert law["linear"]["off"] == pytest.approx(16 ** (0.3 / 2), rel=1e-3)
    assert law["square_root"]["off"] == pytest.approx(16 ** (0.2 / 2), rel=1e-3)
    assert json.loads(to_json(optimizers()))["scaling"] is None


@pytest.mark.parametrize("case", CASES)
def test_the_figure_has_every_run_in_its_colour(case: str) -> None:
    found = CASES[case]()
    drawn = draw(found, "png")
    assert draw(CASES[case](), "png") == drawn
    image = np.asarray(Image.open(io.BytesIO(drawn)).convert("RGB"))
    for number, _ in enumerate(found.entries):
        colour = np.array(list(bytes.fromhex(COLORS[number][1:])))
        assert (image == colour).all(axis=2).sum() > 100
    unused = np.array(list(bytes.fromhex(COLORS[len(found.entries)][1:])))
    assert not (image == unused).all(axis=2).any()


def test_hostile_names_stay_cells() -> None:
    odd = variant(typical(), "a|b *c* \x1b[31m<b>", 1e-3)
    found = Comparison(labelled([("x", odd), ("y", typical())]))
    assert "\x1b" not in table(found, Look(width=80, color=False, unicode=True))
    rows = [line for line in markdown(found, Look()).splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
    assert "<b>" not in "".join(rows)
