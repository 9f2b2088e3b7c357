"""The benchmark of injected faults: its operators on small functions, its draw on the package."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
HERE = ROOT / "benchmarks" / "faults"

pytestmark = pytest.mark.skipif(not HERE.exists(), reason="a source distribution has no benchmarks")


@pytest.fixture(autouse=True)
def benchmark_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(HERE), *sys.path])


@cache
def known() -> dict[str, list[Any]]:
    from draw import candidates

    return candidates(ROOT)


def mutants(*lines: str) -> dict[str, set[str]]:
    """The faults of a function's lines, by their kinds."""
    from operators import sites

    source = "\n".join(["def f(a, b, c):", *(f"    {line}" for line in lines), "    return None"])
    found: dict[str, set[str]] = {}
    for site in sites(source):
        found.setdefault(site.kind, set()).add(site.mutated)
    return found


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a += b", {"sign": {"a -= b"}, "deleted statement": {"pass"}}),
        ("x = -a", {"sign": {"x = a"}}),
        ("x = a * b", {"dropped term": {"x = a", "x = b"}}),
        ("x = a / b", {"dropped term": {"x = a"}, "swapped order": {"x = b / a"}}),
        ("x = a + 'text'", {}),
        ("x = f'{a + 1}'", {}),
        ("x: int = a[2]", {"off by one": {"x: int = a[3]", "x: int = a[1]"}}),
        ("x = a[b:]", {"off by one": {"x = a[b + 1:]"}}),
        ("x = a.sum(axis=1)", {"swapped order": {"x = a.sum(axis=0)"}}),
        ("x = f(a, b)", {"swapped order": {"x = f(b, a)"}}),
        ("x = max(a, b)", {}),
        ("x = f(a, a)", {}),
        ("a = f()", {"deleted statement": {"pass"}}),
        ("a = 'x' if b else 'y'", {}),
        ("x = a if b else c", {"swapped order": {"x = c if b else a"}}),
        ("x = not a", {"comparison": {"x = a"}}),
        ("x = a < b", {"comparison": {"x = a <= b", "x = a > b"}}),
        ("x = a and b", {"dropped term": {"x = a", "x = b"}}),
        ("raise ValueError(a + b)", {"deleted statement": {"pass"}}),
        ("assert a < b", {}),
        ("import a", {}),
        ("'a docstring'", {}),
        ("x = [i for i in range(a)]", {"off by one": {"x = [i for i in range(a + 1)]"}}),
    ],
)
def test_faults_of_a_statement(line: str, expected: dict[str, set[str]]) -> None:
    assert mutants(line) == expected


def test_faults_of_compound_statements() -> None:
    assert mutants("if TYPE_CHECKING:", "    a += 1") == {}
    lines = ("if a:", "    x = 1 - 1", "elif a is b:", "    pass", "for x in c[1:]:", "    continue")
    assert mutants(*lines) == {
        "sign": {"x = 1 + 1"},
        "dropped term": {"x = 1"},
        "off by one": {"x = 2 - 1", "x = 0 - 1", "x = 1 - 2", "x = 1 - 0", "for x in c[2:]:", "for x in c[0:]:"},
        "comparison": {"if a is not b:"},
        "deleted statement": {"pass"},
    }


SOURCE = """\
class Old:
    def area(self, a):  # a comment
        if a:
            a = (
                a + 1
            )
        elif a is None:  # why
            # why again
            a = a + 1
        return a
"""


@pytest.mark.parametrize(
    ("occurrence", "original", "mutated", "expected"),
    [
        (0, "a = a + 1", "a = a - 1", SOURCE.replace("(\n                a + 1\n            )", "a - 1")),
        (1, "a = a + 1", "a = a - 1", SOURCE.replace("            a = a + 1\n", "            a = a - 1\n")),
        (0, "if a is None:", "if a is not None:", None),
    ],
)
def test_a_fault_is_put_where_it_was_found(occurrence: int, original: str, mutated: str, expected: str | None) -> None:
    from operators import apply, head, sites

    assert (occurrence, original, mutated) in [(s.occurrence, s.original, s.mutated) for s in sites(SOURCE)]
    for function in ("Old.area", "area"):
        text, *_ = apply(SOURCE, function, occurrence, original, mutated)
        assert expected is None or text == expected
        assert [head(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)].count(mutated) == 1
    with pytest.raises(LookupError):
        apply(SOURCE, "Old.other", occurrence, original, mutated)
    with pytest.raises(LookupError):
        apply(SOURCE, "Old.area", 2, original, mutated)
    with pytest.raises(LookupError):
        apply(SOURCE + SOURCE.replace("Old", "New"), "area", occurrence, original, mutated)


def test_code_that_is_moved_keeps_its_faults(tmp_path: Path) -> None:
    from draw import Fault, locate

    fault = Fault("sign", "Old.area", 9, 1, "a = a + 1", "a = a - 1", number=1, module="lrfind/core/gone.py")
    (tmp_path / "lrfind" / "task").mkdir(parents=True)
    other = tmp_path / "lrfind" / "task" / "other.py"
    for source in (SOURCE, SOURCE.replace("Old", "New"), SOURCE.replace("class Old", "if True").replace("self, ", "")):
        other.write_text(source, encoding="utf-8")
        assert locate(fault, tmp_path)[0] == "lrfind/task/other.py"
    other.with_name("third.py").write_text(SOURCE.replace("Old", "Third"), encoding="utf-8")
    with pytest.raises(LookupError):
        locate(fault, tmp_path)


def test_a_draw_repeats_and_is_spread() -> None:
    from draw import LEAST, NUMBER, draw, folder_of
    from operators import KINDS

    drawn = draw(known())
    assert draw(known()) == drawn != draw(known(), seed=21)
    assert [fault.number for fault in drawn] == list(range(1, NUMBER + 1))
    folders = {path.name for path in (ROOT / "lrfind").iterdir() if (path / "__init__.py").exists()} | {"api"}
    counts = Counter(folder_of(fault.module) for fault in drawn)
    assert counts.keys() == folders
    assert min(counts.values()) >= LEAST
    kinds = Counter(fault.kind for fault in drawn)
    assert max(abs(kinds[kind] - NUMBER / len(KINDS)) for kind in KINDS) <= 2
    assert len({(fault.module, fault.function) for fault in drawn}) == NUMBER
    modules = {folder: len([m for m in known() if folder_of(m) == folder]) for folder in folders}
    for folder, count in counts.items():
        most = max(Counter(f.module for f in drawn if folder_of(f.module) == folder).values())
        assert most <= 2 + count // modules[folder]


def test_drawn_faults_compile_and_differ() -> None:
    from draw import draw, locate

    for fault in draw(known(), seed=7):
        module, text, *_ = locate(fault, ROOT)
        assert module == fault.module
        compile(text, module, "exec")
        assert ast.dump(ast.parse(text)) != ast.dump(ast.parse((ROOT / module).read_text(encoding="utf-8")))


def test_an_equivalent_fault_is_replaced_by_one_of_its_folder_and_kind() -> None:
    from dataclasses import asdict

    from draw import draw, folder_of, read_faults, replace

    faults = draw(known())
    table = {"seed": 20, "faults": [asdict(fault) for fault in faults], "equivalent": []}
    new = replace(table, faults[30].number, "the sum of nothing", known())
    assert (new.kind, folder_of(new.module), new.number) == (faults[30].kind, folder_of(faults[30].module), 61)
    assert read_faults(table) == [*faults[:30], new, *faults[31:]]
    assert table["equivalent"] == [{**asdict(faults[30]), "reason": "the sum of nothing", "replaced_by": 61}]


def test_the_order_of_tests() -> None:
    from contexts import Contexts

    seconds = {
        "tests/a.py::x": 5.0,
        "tests/a.py::y": 1.0,
        "tests/b.py::z": 2.0,
        "tests/b.py::w": 0.1,
        "tests/c.py::v": 1,
    }
    fixtures: dict[str, list[str]] = {test: [] for test in seconds}
    fixtures["tests/a.py::x"] = ["fixture ::shared"]
    lines = {"lrfind/core/m.py": {7: ["fixture ::shared"], 8: ["tests/b.py::z"]}}
    reaching = Contexts(seconds, fixtures, [], lines).reaching
    assert reaching("lrfind/core/m.py", 7, 8) == ["tests/b.py::z", "tests/a.py::x", "tests/b.py::w", "tests/a.py::y"]
    assert reaching("lrfind/core/m.py", 9, 9) == reaching("lrfind/core/other.py", 1, 1) == []


def test_what_is_no_longer_caught_is_named() -> None:
    from dataclasses import replace

    from verdicts import Verdict, lost

    names = ("caught", "survived", "caught", "caught", "caught")
    before = {number: Verdict(number, f"fault {number}", outcome) for number, outcome in enumerate(names)}
    after = {0: replace(before[0], outcome="survived"), 1: replace(before[1], outcome="caught"), 2: before[2]}
    after[3] = Verdict(3, "of another draw", "survived")
    assert lost(before, after) == [0]
    assert lost(after, before) == [1]
