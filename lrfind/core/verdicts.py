"""Verdicts of a check on a config's rate and on its run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lrfind.core.result import Recommendation

VerdictStatus = Literal["pass", "warn", "fail"]


@dataclass(frozen=True)
class Verdict:
    """A verdict of the gate.

    Attributes:
        id: the name that ``--warn``, ``--ignore`` and ``lrfind explain`` know it by.
        status: how it came out.
        observed: the value seen; None where there was nothing to see.
        limit: what it is held against; None where nothing is known to hold it against.
        message: one sentence: what is seen, and for a warning or a failure what to do.
        key: the config key it is about, dotted.
        judged: False where the thing does not apply to this run; it passes then.
    """

    id: str
    status: VerdictStatus
    observed: float | bool | None
    limit: float | bool | None
    message: str
    key: str
    judged: bool = True


@dataclass(frozen=True)
class Check:
    """Verdicts of the gate on one config.

    Attributes:
        name: the config's name.
        where: the config's file, as the user gave it.
        learning_rate: the rate that the config has; None where that was not the question.
        recommendation: of the run it was held against; None where there is none.
        verdicts: in a fixed order.
        ignored: what was not to be judged.
        positions: 1-based line and column of the config's keys, dotted.
    """

    name: str
    where: str
    learning_rate: float | None
    recommendation: Recommendation | None
    verdicts: tuple[Verdict, ...]
    ignored: tuple[str, ...] = ()
    positions: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def status(self) -> VerdictStatus:
        """The worst status of the verdicts."""
        statuses = {verdict.status for verdict in self.verdicts}
        return "fail" if "fail" in statuses else "warn" if "warn" in statuses else "pass"


@dataclass(frozen=True)
class Failure:
    """A config that could not be judged.

    Attributes:
        where: the config's file, as the user gave it.
        message: what is wrong and what would be right; one line per problem.
        exit_code: what the process would end with for it alone.
        line: 1-based, of the first problem; None where it has no place in the config.
        column: 1-based, or None.
    """

    where: str
    message: str
    exit_code: int
    line: int | None = None
    column: int | None = None
