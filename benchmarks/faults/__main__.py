"""`python benchmarks/faults`: how many of sixty small faults in the package the tests catch."""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor, as_completed
from hashlib import blake2b
from pathlib import Path
from queue import SimpleQueue
from tempfile import gettempdir

import contexts
import draw
import verdicts
from checkout import Copy, digest_of, files_of
from filelock import FileLock

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Do what the options ask for; the exit code of a comparison is 1 where a fault is no longer caught."""
    options = parser().parse_args()
    if options.compare:
        return compare(*options.compare)
    if options.draw:
        faults = draw.draw(draw.candidates(ROOT), options.seed)
        draw.write({"seed": options.seed, "faults": [vars(each) for each in faults], "equivalent": []})
        return show(faults)
    if options.equivalent:
        table, (number, reason) = draw.read(), options.equivalent
        new = draw.replace(table, int(number), reason, draw.candidates(ROOT))
        draw.write(table)
        return show([new])
    options.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(options.folder / ".lock"):
        return measure(options)


def measure(options: argparse.Namespace) -> int:
    """Run the tests under coverage, or with the faults, in copies of the files that the options name."""
    checkout, tests = options.checkout.resolve(), (options.tests or options.checkout).resolve()
    files = files_of(checkout, tests.parent if tests.name == "tests" else tests)
    selected = options.select or ["tests"]
    tree = blake2b(f"{digest_of(files)} {selected}".encode(), digest_size=6).hexdigest()
    folder = options.folder.resolve()
    kept = folder / f"contexts-{tree}"
    if options.contexts:
        spread = ["-n", str(options.jobs)] if options.jobs > 1 else []
        contexts.record(Copy(folder / "copy-0", files), kept, [*spread, *selected])
        known = contexts.read(kept)
        print(f"{len(known.seconds)} tests, {sum(known.seconds.values()):.0f} s; failed: {known.failed or 'none'}")
        return 0
    if not (kept / "tests.json").exists():
        raise SystemExit("No contexts of these files: first the same with --contexts.")
    copies = [Copy(folder / f"copy-{number}", files) for number in range(options.jobs)]
    return judge_all(verdicts.Judge(contexts.read(kept), tree), copies, options.table, options.only)


def judge_all(judge: verdicts.Judge, copies: list[Copy], name: str, only: list[int] | None) -> int:
    """Judge the faults that a table of results lacks, or these alone, one in each copy at a time."""
    faults, found = draw.read_faults(draw.read()), verdicts.read(name)
    todo = [each for each in faults if each.number in (only or [each.number])]
    todo = [each for each in todo if only or not verdicts.is_of(found.get(each.number), each)]
    free: SimpleQueue[Copy] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def judged(fault: draw.Fault) -> verdicts.Verdict:
        copy = free.get()
        try:
            return judge.judge(copy, fault)
        finally:
            free.put(copy)

    pool = ThreadPoolExecutor(len(copies))
    try:
        for future in as_completed([pool.submit(judged, fault) for fault in todo]):
            verdict = future.result()
            found[verdict.number] = verdict
            verdicts.write(name, faults, found)
            print(f"{verdict.number}: {verdict.outcome} {verdict.how} {verdict.by} {verdict.seconds} s", flush=True)
    finally:
        pool.shutdown(cancel_futures=True)
    print(verdicts.caught(found[each.number] for each in faults if each.number in found))
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    made = argparse.ArgumentParser(prog="python benchmarks/faults", description=__doc__)
    made.add_argument("--draw", action="store_true", help="draw the faults anew; the old table is lost")
    made.add_argument("--seed", type=int, default=draw.SEED, help="of --draw")
    made.add_argument("--equivalent", nargs=2, metavar=("N", "REASON"), help="replace a fault that changes nothing")
    made.add_argument("--contexts", action="store_true", help="run the tests once under coverage")
    made.add_argument("--jobs", type=int, choices=(1, 2), default=1)
    made.add_argument("--only", type=int, nargs="+", metavar="N", help="these faults, also where they have a verdict")
    made.add_argument("--select", nargs="+", metavar="PATH", help="of the tests, these alone")
    made.add_argument("--checkout", type=Path, default=ROOT, help="whose package gets the faults")
    made.add_argument("--tests", type=Path, help="a checkout whose tests run; that of the package otherwise")
    made.add_argument("--table", default="new", help="name of the results")
    made.add_argument("--compare", nargs=2, metavar=("OLD", "NEW"), help="two tables of results")
    made.add_argument("--folder", type=Path, default=Path(gettempdir()) / "lrfind-faults", help="to work in")
    return made


def show(faults: list[draw.Fault]) -> int:
    for each in faults:
        print(f"{each.number} {each.kind}: {each.module}:{each.line} {each.function}")
        print(f"    {each.original}\n    {each.mutated}")
    return 0


def compare(old: str, new: str) -> int:
    """Print what one table's tests caught and the other's did not; 1 where there is such a fault."""
    before, after = verdicts.read(old), verdicts.read(new)
    numbers = verdicts.lost(before, after)
    for name, table in ((old, before), (new, after)):
        print(f"{name}: {verdicts.caught(table.values())}")
    for number in numbers:
        print(f"{number}: caught by {old} ({before[number].by}), {after[number].outcome} by {new}")
    there = [{number for number, each in table.items() if each.outcome != "not there"} for table in (before, after)]
    for number in sorted(there[0] ^ there[1]):
        print(f"{number}: in one table alone")
    return int(bool(numbers))


if __name__ == "__main__":
    raise SystemExit(main())
