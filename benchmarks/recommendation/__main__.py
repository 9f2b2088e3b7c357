"""How good are learning-rate finders? The regret of what each suggests, on tasks whose best rate is known."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import answers
import check_peers
import digits
import looks
import score
import truths
from answers import Answer
from finders import FINDERS, FIXED
from tasks import SHIPPED, TASKS, half
from truth import Truth, read


def main() -> int:
    """Do what the options ask for; returns the exit code."""
    options = parse()
    if options.truth is not None:
        truths.measure_all(options.truth)
        return 0
    if options.check_peers:
        return 1 if check_peers.main() else 0
    names = options.task or measured(name for name in TASKS if options.half in (half(name), "all"))
    if options.digits:
        names = list(SHIPPED)
    known = {name: truths.load(name) for name in names}
    repeats = truths.again()
    for repeat in repeats:
        print(f"- trained again: {repeat}")
    if options.digits:
        found = digits.main()
        rows = [score.of_regrets(f"{method} on {task}", regrets) for task, method, regrets in found]
        looks.record("shipped digits", len(names), len(digits.SEEDS), rows)
        return 0
    chosen = options.finder or list(FINDERS)
    given = answers.collect(names, chosen, range(options.seeds), lambda line: print(line, file=sys.stderr, flush=True))
    rows = [score.ceiling(known)]
    for finder in chosen:
        own = [answer for answer in given if answer.finder == finder]
        rows.append(score.row(finder, own, known, seeded=FINDERS[finder].seeded and options.seeds > 1))
    if any(half(name) == "reported" for name in names):
        looks.record("some tasks" if options.task else options.half, len(names), options.seeds, rows)
    print(f"- {len(names)} tasks ({'named' if options.task else options.half}), {options.seeds} seeds")
    print(
        f"- tasks on which each of {', '.join(f'{rate:g}' for rate in FIXED)} is bad: "
        f"{score.hopeless(known, FIXED):.0%}\n"
    )
    print(score.markdown(rows))
    details = "\n".join(f"- {line}" for line in lines(known, given, options.verbose))
    print(f"\n{details}", file=sys.stdout if options.verbose else sys.stderr)
    if options.json:
        report = {
            "again": [repeat.facts() for repeat in repeats],
            "rows": [asdict(row) for row in rows],
            "truths": {
                name: {"best": truth.best, "good": truth.good, "ceiling": truth.ceiling, "half": half(name)}
                for name, truth in known.items()
            },
            "answers": [asdict(answer) for answer in given],
        }
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if options.figure:
        from figure import draw

        draw(rows, options.figure, f"What learning-rate finders lose, on {len(names)} tasks")
    return 0


def measured(names: Iterable[str]) -> list[str]:
    """Those whose truth is known; the others are named, and left out."""
    found = {name: read(name, TASKS[name]) is not None for name in names}
    if missing := [name for name, known in found.items() if not known]:
        print(f"left out, as their truth is not measured yet (--truth): {', '.join(missing)}", file=sys.stderr)
    return [name for name, known in found.items() if known]


def lines(known: dict[str, Truth], given: Sequence[Answer], every: bool) -> list[str]:
    """One line a task: its truth, and what lrfind (or every finder) said, with the regret of each seed."""
    found = []
    for name, truth in known.items():
        said = []
        for finder in dict.fromkeys(answer.finder for answer in given):
            if not every and FINDERS[finder].kind != "lrfind":
                continue
            own = [answer for answer in given if (answer.task, answer.finder) == (name, finder)]
            said.append(f"{finder}: " + ", ".join(spoken(answer) for answer in own))
        found.append("; ".join([truths.describe(name, truth), *said]))
    return found


def spoken(answer: Answer) -> str:
    """A rate and its regret."""
    return f"{'none' if answer.rate is None else f'{answer.rate:.1e}'} ({answer.regret:.3f})"


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="python benchmarks/recommendation", description=__doc__)
    parser.add_argument("--half", choices=["tuned", "reported", "all"], default="tuned", help="which tasks")
    parser.add_argument("--task", action="append", choices=TASKS, metavar="NAME", help="one of them; repeatable")
    parser.add_argument(
        "--finder", action="append", choices=FINDERS, metavar="NAME", help="one finder; may be repeated"
    )
    parser.add_argument("--seeds", type=int, default=3, help="seeds of the finders")
    parser.add_argument("--verbose", action="store_true", help="every finder's answers on every task, on stdout")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw the distribution of regret there")
    other = parser.add_argument_group("instead")
    other.add_argument("--truth", nargs="*", choices=TASKS, metavar="NAME", help="measure truths")
    other.add_argument("--check-peers", action="store_true", help="hold the restated rules against the packages")
    other.add_argument("--digits", action="store_true", help="every method of lrfind on the shipped digits, ten seeds")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
