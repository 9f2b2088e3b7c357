"""From rounds to figures and a Markdown table. Ratios are taken within a round, then their median over the rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from contenders import Contender
from rounds import Round


@dataclass(frozen=True)
class Row:
    """A contender over all rounds.

    Attributes:
        name: as shown.
        wall: median seconds.
        low: least seconds.
        high: most seconds.
        cpu: median user and system seconds.
        memory: median peak, megabytes.
        ratio: median over the rounds of its wall seconds over those of that round's fastest peer; None without peers.
        noisy: runs that were kept although other processes were busy.
    """

    name: str
    wall: float
    low: float
    high: float
    cpu: float
    memory: float
    ratio: float | None
    noisy: int


def rows(contenders: Sequence[Contender], rounds: Sequence[Round]) -> list[Row]:
    """One row a contender, in the contenders' order; of a peer's variants the one with the lower median."""
    peers = [contender.name for contender in contenders if contender.peer]
    fastest = [min(run[name].wall for name in peers) for run in rounds] if peers else []
    return [_row(name, rounds, fastest) for name in _best_variants(contenders, rounds)]


def _row(name: str, rounds: Sequence[Round], fastest: Sequence[float]) -> Row:
    runs = [one[name] for one in rounds]
    walls = [run.wall for run in runs]
    return Row(
        name=name,
        wall=median(walls),
        low=min(walls),
        high=max(walls),
        cpu=median(run.cpu for run in runs),
        memory=median(run.memory for run in runs),
        ratio=median(wall / best for wall, best in zip(walls, fastest, strict=True)) if fastest else None,
        noisy=sum(not run.quiet for run in runs),
    )


def _best_variants(contenders: Sequence[Contender], rounds: Sequence[Round]) -> list[str]:
    variants: dict[str, list[str]] = {}
    for contender in contenders:
        variants.setdefault(contender.peer or contender.name, []).append(contender.name)
    return [min(names, key=lambda name: median(run[name].wall for run in rounds)) for names in variants.values()]


def markdown(title: str, found: Sequence[Row]) -> str:
    """A heading and a table; a warning below it where runs were kept that are not to be trusted."""
    lines = [
        f"## {title}",
        "",
        "| contender | median s | min - max s | CPU s | peak MB | of the fastest peer |",
        "|---|---|---|---|---|---|",
    ]
    for row in found:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        spread = f"{row.low:.2f} - {row.high:.2f}"
        lines.append(f"| {row.name} | {row.wall:.2f} | {spread} | {row.cpu:.2f} | {row.memory:.0f} | {ratio} |")
    noisy = sum(row.noisy for row in found)
    if noisy:
        lines += [
            "",
            f"**Not to be quoted**: during {noisy} of these runs other processes were busy, whatever the retries.",
        ]
    return "\n".join(lines)
