"""`python benchmarks/reliability`: kills, faults, what is wrong with configs and data files, and attacks."""

from __future__ import annotations

import argparse
import re
import resource
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import attack_circumstances
import attack_code
import attack_files
import attack_targets
import broken_configs
import broken_data
import faults
from attack import Draw, attempts
from command import run
from kills import Kill, kills
from trial import UNPRINTABLE, Outcome, parses, read_config, read_data

ENOUGH = 4 << 30
"""Bytes of address space for reading what is wrong."""

EVERY = 40
"""One in so many broken files goes through the real command as well."""


ATTACKS: dict[str, tuple[Draw, int]] = {
    "targets": (attack_targets.attempt, 300),
    "files": (attack_files.attempt, 300),
    "code": (attack_code.attempt, 300),
    "circumstances": (attack_circumstances.attempt, 60),
}
"""Attacks, and how many attempts of each where nothing else is asked for."""


def main() -> int:
    """Measure what the options ask for; the exit code is 1 where an attack got through."""
    parser = argparse.ArgumentParser(prog="python benchmarks/reliability", description=__doc__)
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills, and of the attacks")
    parser.add_argument("--configs", type=int)
    parser.add_argument("--data", type=int)
    parser.add_argument("--no-faults", action="store_true")
    for name in ATTACKS:
        parser.add_argument(
            f"--{name}", type=int, metavar="N", help="attempts of this attack; alone, nothing else is done"
        )
    parser.add_argument("--only", metavar="ATTACK:N", help="one attempt, with all that was said; its folder is kept")
    options = parser.parse_args()
    if options.only:
        return one_attempt(options.only, options.seed)
    machine = {"kills": 200, "configs": 2000, "data": 500}
    attacks = {name: number for name, (_, number) in ATTACKS.items()}
    asked = {name for name in (*machine, *attacks) if getattr(options, name) is not None}
    if asked & attacks.keys():
        attacks = {name: getattr(options, name) or 0 for name in attacks}
        if not asked & machine.keys():
            machine, options.no_faults = dict.fromkeys(machine, 0), True
    elif asked or options.no_faults:
        attacks = {}
    for name, number in machine.items():
        setattr(options, name, number if getattr(options, name) is None else getattr(options, name))
    rows: list[tuple[str, str]] = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        for attack, number in attacks.items():
            if number:
                rows += attacked(folder / "attacks", attack, number, options.seed)
        got_through = any("got through" in outcome for _, outcome in rows)
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
    return int(got_through)


def attacked(folder: Path, name: str, number: int, seed: int) -> list[tuple[str, str]]:
    """So many attempts of an attack, counted by kind."""
    tried: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for which, found in attempts(name, ATTACKS[name][0], range(number), folder, seed):
        tried[found.kind] += 1
        held[found.kind] += not found.wrong
        mark = "FAIL" if found.wrong else "ok  "
        print(f"{mark} {name} {which} ({found.kind}): {found.what!a}{': ' * bool(found.wrong)}{'; '.join(found.wrong)}")
        if found.wrong:
            print(f"     again: python benchmarks/reliability --seed {seed} --only {name}:{which}", flush=True)
    rows = [(f"{name}: {kind}", f"{held[kind]} of {count} held") for kind, count in tried.items()]
    missed = tried.total() - held.total()
    return [*rows, (name, f"{held.total()} of {tried.total()} held{f', {missed} got through' if missed else ''}")]


def one_attempt(which: str, seed: int) -> int:
    """One attempt again, with its commands and what they said."""
    name, _, number = which.partition(":")
    folder = Path(mkdtemp(prefix="attack-"))
    ((_, found),) = attempts(name, ATTACKS[name][0], [int(number)], folder, seed)
    print(
        (folder / f"{name}-{number}.txt")
        .read_text(encoding="utf-8", errors="surrogateescape")
        .encode("ascii", "backslashreplace")
        .decode()
    )
    print(f"{found.kind}: {found.what!a}\n{'; '.join(found.wrong) or 'held'}\nleft in {folder}")
    return bool(found.wrong)


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
    if "Traceback" in ran.err or re.search(f"[{UNPRINTABLE}]", ran.err):
        return Outcome("traceback" if "Traceback" in ran.err else "raw", ran.err)
    if ran.code != 2 and expected.kind == "refused":
        return Outcome(f"exit {ran.code}", ran.err)
    return expected


if __name__ == "__main__":
    raise SystemExit(main())
