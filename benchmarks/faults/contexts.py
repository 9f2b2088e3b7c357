"""Which tests reach a line, and how long each takes: one run of the tests under coverage, kept in a folder."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkout import Copy, files_with
from draw import folder_of


@dataclass(frozen=True)
class Contexts:
    """What a run under coverage has told.

    Attributes:
        seconds: of each test, with its part of shared fixtures.
        fixtures: the shared fixtures of each test, as coverage's contexts name them.
        failed: tests that failed without any fault.
        lines: contexts by module and line.
    """

    seconds: dict[str, float]
    fixtures: dict[str, list[str]]
    failed: list[str]
    lines: dict[str, dict[int, list[str]]]

    def reaching(self, module: str, first: int, last: int) -> list[str]:
        """Return the tests that may notice a fault in some lines, in the order in which to run them.

        First those that reach a line themselves or by a shared fixture, and, where it is reached while files are
        imported, those of these files and of the folder that tests the module's. Then the other tests of the same
        files: what a test module caches, and what JAX has compiled, is reached by the first that asks alone.
        """
        names = {name for line in range(first, last + 1) for name in self.lines.get(module, {}).get(line, [])}
        imported = {name.removeprefix("file ") for name in names if not name or name.startswith("file ")}
        reached = [
            test
            for test in self.seconds
            if test in names
            or not names.isdisjoint(self.fixtures[test])
            or (imported and (test.startswith(f"tests/{folder_of(module)}/") or test.partition("::")[0] in imported))
        ]
        files, chosen = set(files_with(reached)), set(reached)
        others = [test for test in self.seconds if test.partition("::")[0] in files and test not in chosen]
        return [*self.cheap_first(reached), *self.cheap_first(others)]

    def cheap_first(self, tests: list[str]) -> list[str]:
        """Order tests by their files' mean time, then by their own; files stay together, for they share fixtures."""
        times: defaultdict[str, list[float]] = defaultdict(list)
        for test in tests:
            times[test.partition("::")[0]].append(self.seconds[test])
        means = {file: sum(known) / len(known) for file, known in times.items()}
        return sorted(tests, key=lambda test: (means[file := test.partition("::")[0]], file, self.seconds[test]))


def record(copy: Copy, folder: Path, arguments: list[str]) -> None:
    """Run tests under coverage, and keep what they reach.

    Args:
        copy: in which they run.
        folder: for the data; what it holds is replaced.
        arguments: of pytest.
    """
    from coverage import Coverage

    shutil.rmtree(folder, ignore_errors=True)
    (folder / "parts").mkdir(parents=True)
    ran = copy.pytest(*arguments, data=folder / "parts" / "data")
    if not any(line["phase"] == "call" for line in ran.lines):
        raise RuntimeError((copy.folder / "output.txt").read_text(encoding="utf-8", errors="replace")[-3000:])
    whole = Coverage(data_file=str(folder / "lines.sqlite"), config_file=False)
    whole.combine([str(part) for part in (folder / "parts").iterdir()], strict=True)
    whole.save()
    shutil.rmtree(folder / "parts")
    (folder / "tests.json").write_text(json.dumps(summary(ran.lines)), encoding="utf-8")


def summary(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return seconds, shared fixtures and failures of a log's tests."""
    seconds: defaultdict[str, float] = defaultdict(float)
    fixtures: dict[str, list[str]] = {}
    for line in lines:
        if line["phase"] in ("setup", "call", "teardown"):
            seconds[line["test"]] += line["seconds"]
            fixtures[line["test"]] = line["fixtures"]
    failed = sorted({line["test"] for line in lines if line.get("outcome") == "failed"})
    return {"seconds": seconds, "fixtures": fixtures, "failed": failed}


def read(folder: Path) -> Contexts:
    """Return what `record` has kept."""
    from coverage import CoverageData

    data = CoverageData(str(folder / "lines.sqlite"))
    data.read()
    lines = {
        f"lrfind/{file.rpartition('/tree/lrfind/')[2]}": data.contexts_by_lineno(file) for file in data.measured_files()
    }
    return Contexts(**json.loads((folder / "tests.json").read_text(encoding="utf-8")), lines=lines)
