"""`python benchmarks/reliability`: kills, faults, and what is wrong with configs and data files."""

from __future__ import annotations

import argparse
import resource
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import broken_configs
import broken_data
import faults
from command import run
from kills import Kill, kills
from trial import UNPRINTABLE, Outcome, parses, read_config, read_data

ENOUGH = 4 << 30
"""Bytes of address space for reading what is wrong."""

EVERY = 40
"""One in so many broken files goes through the real command as well."""


def main() -> None:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(prog="python benchmarks/reliability", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    parser.add_argument("--configs", type=int, default=2000)
    parser.add_argument("--data", type=int, default=500)
    parser.add_argument("--no-faults", action="store_true")
    options = parser.parse_args()
    rows: list[tuple[str, str]] = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        if not options.no_faults:
            rows += all_faults(folder / "faults")
        if options.kills:
            rows += all_kills(folder / "kills", options.kills, options.seed)
        resource.setrlimit(resource.RLIMIT_AS, (ENOUGH, ENOUGH))
        if options.configs:
            rows.append(broken(folder / "configs", "config", options.configs))
        if options.data:
            rows.append(broken(folder / "data", "data", options.data))
    print("\n| what | outcome |\n|---|---|")
    for what, outcome in rows:
        print(f"| {what} | {outcome} |")


def all_faults(folder: Path) -> list[tuple[str, str]]:
    """Every fault, once."""
    folder.mkdir()
    faults.prepare(folder)
    good = 0
    for name, fault in faults.FAULTS.items():
        verdict = fault(folder)
        good += verdict.good
        print(f"{'ok  ' if verdict.good else 'FAIL'} {name}: {verdict.said}", flush=True)
    return [("faults met as they should be", f"{good} of {len(faults.FAULTS)}")]


def all_kills(folder: Path, number: int, seed: int) -> list[tuple[str, str]]:
    """So many kills."""
    folder.mkdir()
    found: list[Kill] = []
    for each in kills(number, folder, seed):
        found.append(each)
        mark = "ok  " if each.good else "FAIL"
        more = "" if each.good else f" {each}"
        print(f"{mark} kill {len(found)}: {each.phase}, {each.repeated:.1%} repeated{more}", flush=True)
    phases = Counter("sweep" if each.phase == "sweep" else "confirmation or later" for each in found)
    share = sorted(each.repeated for each in found)
    return [
        ("kills", f"{len(found)} (" + ", ".join(f"{count} in {phase}" for phase, count in phases.items()) + ")"),
        ("ended in the same bits", f"{sum(each.same for each in found)} of {len(found)}"),
        ("no line lost, nothing left behind, said where", f"{sum(each.good for each in found)} of {len(found)}"),
        ("work repeated", f"median {share[len(share) // 2]:.1%}, most {share[-1]:.1%}"),
    ]


def broken(folder: Path, kind: str, number: int) -> tuple[str, str]:
    """So many broken files of a kind: in this process, and a sample of them through the command."""
    folder.mkdir()
    found: Counter[str] = Counter()
    parsed = 0
    for each in range(number):
        if kind == "config":
            what, raw = broken_configs.mutant(each)
            path = folder / "config.yaml"
            path.write_bytes(raw)
            outcome = read_config(path)
            parsed += parses(outcome)
        else:
            try:
                what, path = broken_data.mutant(each, folder)
            except ImportError:  # pyarrow is an extra.
                found["not made without pyarrow"] += 1
                continue
            outcome = read_data(path)
        if outcome.good and each % EVERY == 0:
            outcome = through_the_command(folder, outcome)
        found[outcome.kind] += 1
        if not outcome.good:
            print(f"FAIL {kind} {each} ({what}): {outcome.kind}: {outcome.said[:200]!r}", flush=True)
    shares = ", ".join(f"{count:,} {what}" for what, count in found.most_common())
    return f"{number:,} broken {kind} files", shares + (f"; {parsed:,} were YAML" if kind == "config" else "")


def through_the_command(folder: Path, expected: Outcome) -> Outcome:
    """The same by `lrfind sweep --dry-run`: exit 2 and a sentence, or 0."""
    ran = run(folder, "sweep", "config.yaml", "--dry-run", "--no-cache")
    if "Traceback" in ran.err or UNPRINTABLE.search(ran.err):
        return Outcome("traceback" if "Traceback" in ran.err else "raw", ran.err)
    if ran.code != 2 and expected.kind == "refused":
        return Outcome(f"exit {ran.code}", ran.err)
    return expected


if __name__ == "__main__":
    main()
