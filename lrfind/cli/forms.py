"""What came of several configs as one document."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrfind.cli.options import Format
from lrfind.errors import ConfigError, LrfindError

if TYPE_CHECKING:
    from lrfind.config.schema import Config
    from lrfind.report.verdicts import Judged
    from lrfind.types import Failure

STDIN = ("-", "stdin")
"""How a config that comes from standard input is called."""


def joined(parts: Sequence[str], form: Format, *, many: bool) -> str:
    """Rendered reports as one: of `many` configs, JSON is an array."""
    if form is Format.json and many and parts:
        return "[\n" + ",\n".join(part.rstrip("\n") for part in parts) + "\n]\n"
    return "\n".join(parts)


def for_ci(found: Sequence[Judged], form: Format, title: str) -> str:
    """JUnit or GitHub's annotations."""
    if form is Format.junit:
        from lrfind.report.junit import document

        return document(found, title)
    from lrfind.report.github import commands

    return commands([replace(each, where=in_workspace(each.where)) for each in found])


def summarise(text: str) -> None:
    """Append Markdown to the summary of a step of GitHub Actions, where there is one."""
    from lrfind.cli.screen import say
    from lrfind.sinks import step_summary

    if trouble := step_summary.append(text):
        say(f"lrfind: {trouble}")


def of_error(source: str, error: LrfindError, form: Format, title: str) -> str:
    """What could not be judged, in a form for CI; nothing in the others, as stderr says it."""
    return for_ci([failure(source, error)], form, title) if form in (Format.junit, Format.github) else ""


def in_workspace(where: str) -> str:
    """A file as GitHub knows it: relative to the checkout. What is outside of it stays; standard input is no file."""
    root = os.environ.get("GITHUB_WORKSPACE")
    if where in STDIN:
        return ""
    path, checkout = Path(where).resolve(), Path(root or "").resolve()
    return path.relative_to(checkout).as_posix() if root and path.is_relative_to(checkout) else where


def failure(source: str, error: LrfindError) -> Failure:
    """A config that could not be judged, with the place of its first problem."""
    from lrfind.types import Failure

    first = error.problems[0] if isinstance(error, ConfigError) and error.problems else None
    line, column = (first.line, first.column) if first else (None, None)
    return Failure(source, str(error), int(error.exit_code), line, column)


def say_what_ran(config: Config) -> None:
    """Say on stderr whose code a dry run has run: a config's targets are imported and called to know their shapes."""
    from lrfind.cli.screen import say
    from lrfind.own.modules import loaded

    if config.targets and (names := loaded()):
        say(f"lrfind: ran code of {', '.join(names)}, to know its shapes")


def rehearsed(facts: Mapping[str, Any]) -> str:
    """What a rehearsal of a sweep or of a training found out, for reading."""
    from lrfind.report.text import clean, spelled

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
    return "".join(f"{key:{width}}  {clean(value)}\n" for key, value in lines.items())


def planned(facts: Mapping[str, Any]) -> dict[str, str]:
    """What would be run."""
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
