"""A dry run as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrfind.core.printable import clean
from lrfind.core.result import DryRun
from lrfind.report.wording import Look, indented, spelled


def text(dry_run: DryRun, look: Look) -> str:
    """Return the facts of a dry run, a line each; under the config's name where there are several."""
    facts = dry_run.facts
    seconds = facts["expected_seconds"]
    lines = {
        "model": f"{facts['model']}, {facts['parameters']:,} parameters"
        + (f", {facts['frozen']:,} of them frozen" if facts["frozen"] else "")
        + (f", computed in {facts['precision']}" if facts["precision"] != "float32" else ""),
        "data": facts["data"],
        "loss": spelled(facts["loss"]),
        **planned(facts),
        "memory": f"{facts['memory_bytes'] / 1e6:,.1f} MB for data, parameters and optimiser; activations come on top",
        "time": "not measured: a step would run your code" if seconds is None else f"about {seconds:,.1f} s",
    }
    width = max(map(len, lines))
    head = f"{clean(dry_run.name)}\n" if look.several else ""
    return head + "".join(f"{name:{width}}  {clean(value)}\n" for name, value in lines.items())


def planned(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the steps of the sweep or of the training, by the name of their line."""
    steps = f"{facts['train_steps']:,} steps"
    if "learning_rate" in facts:
        counted = facts["looks"]
        looks = (
            f", looked at {counted:,} times" if counted else "" if counted is None else ", nothing held out to look at"
        )
        return {"train": f"{steps} at {facts['learning_rate']:.1e} ({facts['schedule']}){looks}"}
    return {
        "sweep": f"{facts['sweep_steps']:,} steps, {facts['lanes']} seeds",
        "confirm": f"at most {facts['confirm_steps']:,} steps" if facts["confirm_steps"] else "no",
        "for": f"a training of {steps}",
    }


def to_json(dry_run: DryRun) -> str:
    """Return the record of a dry run."""
    return indented({"config": dry_run.name, "status": "dry_run", **dry_run.facts})
