"""Verdicts of a check on a config's rate and on its run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from lrfind.core.result import Recommendation

VerdictStatus = Literal["pass", "warn", "fail"]


@dataclass(frozen=True)
class Verdict:
    """A verdict of the gate.

    Attributes:
        id: name of the verdict, for ``--warn``, ``--ignore`` and ``lrfind explain``.
        status: outcome of the verdict.
        observed: measured value; None if there is none.
        limit: value that `observed` is compared with; None if unknown.
        message: observation in one sentence, with advice unless it passes.
        key: dotted config key that the verdict is about.
        judged: False if the verdict does not apply to the run; its status is pass then.
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
        name: name of the config.
        where: file of the config, as the user gave it.
        learning_rate: configured rate; None if the check has no such question.
        recommendation: recommendation of the run; None without a run.
        verdicts: verdicts in the fixed order.
        ignored: ids of verdicts that were left out.
        positions: 1-based line and column of each key of the config, dotted.
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
        where: file of the config, as the user gave it.
        message: problems and what would be valid, one line each.
        exit_code: exit code of the process for this config alone.
        line: 1-based line of the first problem; None without a position.
        column: 1-based column of the first problem; None without a position.
    """

    where: str
    message: str
    exit_code: int
    line: int | None = None
    column: int | None = None
