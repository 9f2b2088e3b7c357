"""What tests say of a fault, and the tables of it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from checkout import Copy, files_with
from contexts import Contexts
from draw import Fault, folder_of, locate

RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True)
class Verdict:
    """What came of a fault.

    Attributes:
        number: the fault's.
        fault: what it was, for another draw has other faults by the same numbers.
        outcome: ``"caught"``, ``"survived"``, or ``"not there"`` where the package has no such statement.
        how: ``"failed"``, ``"time-out"``, ``"crash"``.
        by: the test that caught it.
        reached: tests that may notice it.
        run: tests that ran with it.
        seconds: of wall time.
        tree: hash of the package and the tests.
    """

    number: int
    fault: str
    outcome: str
    how: str = ""
    by: str = ""
    reached: int = 0
    run: int = 0
    seconds: float = 0.0
    tree: str = ""


@dataclass
class Judge:
    """Puts faults into a copy, one after the other, and runs the tests that reach them.

    A test that fails without the fault as well catches nothing; tests go on after it.

    Attributes:
        contexts: which tests reach which lines.
        tree: hash of the package and the tests.
        sound: tests that are known to pass without a fault.
        unsound: tests that are known to fail without one.
    """

    contexts: Contexts
    tree: str
    sound: set[str] = field(default_factory=set)
    unsound: set[str] = field(default_factory=set)

    def judge(self, copy: Copy, fault: Fault) -> Verdict:
        began = time.monotonic()
        try:
            module, text, first, last = locate(fault, copy.tree)
        except LookupError:
            return Verdict(fault.number, str(fault), "not there", tree=self.tree)
        tests = self.contexts.reaching(module, first, last)
        verdict = Verdict(fault.number, str(fault), "survived", reached=len(tests), tree=self.tree)
        run = 0
        while tests := [test for test in tests if test not in self.unsound]:
            copy.put(module, text, fault.number)
            try:
                ran = copy.pytest("-x", *files_with(tests), order=tests, expected=self.contexts.seconds)
            finally:
                copy.restore(module)
            run += sum(line["phase"] == "start" for line in ran.lines)
            if not ran.how:
                break
            if self.is_sound(copy, ran.failed, tests):
                verdict = replace(verdict, outcome="caught", how=ran.how, by=ran.failed)
                break
            if ran.failed not in tests:
                raise RuntimeError(f"without a fault, too: {ran.how}: {ran.failed}, see {copy.folder}/output.txt")
            tests = tests[tests.index(ran.failed) + 1 :]
        return replace(verdict, run=run, seconds=round(time.monotonic() - began, 1))

    def is_sound(self, copy: Copy, test: str, tests: list[str]) -> bool:
        """Whether a test passes in the copy as it is; for what is no test, whether all test files can be imported."""
        if test not in self.sound | self.unsound:
            if "::" in test:
                ran = copy.pytest(*files_with([test]), order=[test], expected=self.contexts.seconds)
            else:
                ran = copy.pytest("--collect-only", *files_with(tests), expected={})
            (self.unsound if ran.how else self.sound).add(test)
        return test in self.sound


def read(name: str) -> dict[int, Verdict]:
    """Return a table's verdicts by the numbers of their faults."""
    try:
        rows = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {row["number"]: Verdict(**row) for row in rows}


def write(name: str, faults: list[Fault], verdicts: dict[int, Verdict]) -> None:
    """Write a table, as JSON and to be read."""
    RESULTS.mkdir(exist_ok=True)
    known = [(fault, verdicts[fault.number]) for fault in faults if is_of(verdicts.get(fault.number), fault)]
    rows = json.dumps([asdict(verdict) for _, verdict in known], indent=1)
    (RESULTS / f"{name}.json").write_text(f"{rows}\n", encoding="utf-8")
    (RESULTS / f"{name}.md").write_text(markdown(name, known), encoding="utf-8")


def is_of(verdict: Verdict | None, fault: Fault) -> bool:
    """Whether a verdict is of this fault, and not of one of another draw that had its number."""
    return verdict is not None and verdict.fault == str(fault)


def markdown(name: str, known: list[tuple[Fault, Verdict]]) -> str:
    """Return a table to be read: counts by kind and by folder, then every fault."""
    there = [(fault, verdict) for fault, verdict in known if verdict.outcome != "not there"]
    lines = [f"# Faults and the tests: {name}", "", caught(verdict for _, verdict in there), ""]
    if (states := len({verdict.tree for _, verdict in known})) > 1:
        lines += [f"The verdicts are of {states} states of the package and the tests.", ""]
    for title, key in (("kind", lambda fault: fault.kind), ("folder", lambda fault: folder_of(fault.module))):
        lines += [*counts(title, key, there), ""]
    lines += ["| | fault | statement | with the fault | outcome |", "|---|---|---|---|---|"]
    for fault, verdict in known:
        where = f"{fault.kind}, `{fault.module}`, `{fault.function}`"
        outcome = verdict.outcome + (f", {verdict.how}: `{cell(verdict.by)}`" if verdict.by else "")
        lines.append(
            f"| {fault.number} | {where} | `{cell(fault.original)}` | `{cell(fault.mutated)}` "
            f"| {outcome} ({verdict.run} of {verdict.reached} tests, {verdict.seconds:.0f} s) |"
        )
    return "\n".join([*lines, ""])


def counts(title: str, key: Callable[[Fault], str], known: list[tuple[Fault, Verdict]]) -> list[str]:
    """Return a table of how many faults of each kind were caught."""
    total = Counter(key(fault) for fault, _ in known)
    good = Counter(key(fault) for fault, verdict in known if verdict.outcome == "caught")
    rows = [f"| {name} | {good[name]} of {number} |" for name, number in sorted(total.items())]
    return [f"| {title} | caught |", "|---|---|", *rows]


def caught(verdicts: Iterable[Verdict]) -> str:
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    return f"{outcomes['caught']} of {outcomes['caught'] + outcomes['survived']} faults are caught."


def cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("`", "'").split())


def lost(before: dict[int, Verdict], after: dict[int, Verdict]) -> list[int]:
    """Return the faults that one table's tests caught, and that of another one, which has them too, did not."""
    both = [number for number in sorted(before) if number in after and after[number].fault == before[number].fault]
    return [number for number in both if before[number].outcome == "caught" and after[number].outcome == "survived"]
