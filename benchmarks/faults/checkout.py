"""A copy of a checkout with an environment of its own, in which tests run: what they import and start is the copy."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PATIENCE, FACTOR = 120.0, 10.0
"""Seconds that a test may take, beside so many times what it took without a fault."""

NOT_HANDED_ON = {"PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTEST_ADDOPTS", "PYTEST_PLUGINS"}
"""Variables that would lead elsewhere, or make each process compile the package."""

COLLECTION = 600.0
"""Seconds until the first test begins."""

COVERAGE = """\
[run]
source = {package}
core = ctrace
data_file = {data}
parallel = true
context = ${{FAULTS_CONTEXT-}}
sigterm = true
patch = _exit
disable_warnings = no-data-collected, module-not-measured, module-not-imported, module-not-python, couldnt-parse
"""

START = 'import os; os.environ.get("COVERAGE_PROCESS_START") and __import__("coverage").process_startup()\n'


@dataclass(frozen=True)
class Ran:
    """What a run of pytest came to.

    Attributes:
        lines: of the plugin's log.
        failed: the test that failed, or was running when the process hung or died.
        how: ``"failed"``, ``"time-out"``, ``"crash"``; empty where nothing failed.
    """

    lines: list[dict[str, Any]]
    failed: str = ""
    how: str = ""


def files_of(checkout: Path, tests: Path) -> dict[str, Path]:
    """Return the files of a checkout, and those of ``tests/`` of another one, by their names in the copy."""
    found = {}
    for root, is_of_tests in ((checkout, False), (tests, True)):
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
        for name in listed.split("\0"):
            if name and name.startswith("tests/") is is_of_tests and (root / name).is_file():
                found[name] = root / name
    return found


def digest_of(files: dict[str, Path]) -> str:
    """Return a short hash of the package and the tests."""
    digest = hashlib.blake2b(digest_size=6)
    for name in sorted(files):
        if name.startswith(("lrfind/", "tests/")):
            digest.update(f"{name}\0".encode() + hashlib.blake2b(files[name].read_bytes()).digest())
    return digest.hexdigest()


class Copy:
    """A copy of a checkout, made in a folder.

    Args:
        folder: where; it is emptied.
        files: what, by name.
    """

    def __init__(self, folder: Path, files: dict[str, Path]) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.folder, self.tree, self.scratch = folder, folder / "tree", folder / "tmp"
        for name, path in files.items():
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, self.tree / name)
        venv.create(folder / "venv", symlinks=True)
        self.python = folder / "venv" / "bin" / "python"
        packages = folder / "venv" / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
        # Files .pth of the packages' own folder are not read: the checkout is not on the path.
        (packages / "copy.pth").write_text(f"{self.tree}\n{sysconfig.get_path('purelib')}\n{START}", encoding="utf-8")
        shutil.copy(HERE / "plugin.py", packages / "faults_plugin.py")
        script = f"#!{self.python}\nimport sys\nfrom lrfind.__main__ import script\nsys.exit(script())\n"
        (self.python.parent / "lrfind").write_text(script, encoding="utf-8")
        (self.python.parent / "lrfind").chmod(0o755)
        read = subprocess.run(
            [self.python, "-P", "-c", "import lrfind; print(lrfind.__file__)"],
            capture_output=True,
            text=True,
            check=True,
        )
        if not read.stdout.startswith(str(self.tree)):
            raise RuntimeError(f"the tests would import {read.stdout}")

    def pytest(
        self,
        *arguments: str,
        order: list[str] | None = None,
        expected: dict[str, float] | None = None,
        data: Path | None = None,
    ) -> Ran:
        """Run pytest in the copy, and end it where a test hangs.

        Args:
            arguments: of pytest.
            order: ids of the tests to run, in this order; all that are collected if None.
            expected: seconds of each test, for the time limits.
            data: where coverage is to keep its data; it is not measured if None.
        """
        shutil.rmtree(self.scratch, ignore_errors=True)
        shutil.rmtree(self.tree / ".hypothesis", ignore_errors=True)
        self.scratch.mkdir()
        log, output = self.folder / "log.jsonl", self.folder / "output.txt"
        log.write_text("", encoding="utf-8")
        environment = {name: text for name, text in os.environ.items() if name not in NOT_HANDED_ON}
        # CI: hypothesis draws the same examples every time.
        environment |= {"FAULTS_LOG": str(log), "TMPDIR": str(self.scratch), "CI": "1"}
        environment |= {"LRFIND_CACHE_DIR": str(self.scratch / "cache")}
        if order is not None:
            (self.folder / "order.json").write_text(json.dumps(order), encoding="utf-8")
            environment["FAULTS_ORDER"] = str(self.folder / "order.json")
        if data is not None:
            settings = self.folder / "coverage.ini"
            settings.write_text(COVERAGE.format(package=self.tree / "lrfind", data=data), encoding="utf-8")
            environment["COVERAGE_PROCESS_START"] = str(settings)
        command = [str(self.python), "-m", "pytest", "-p", "faults_plugin", "-p", "no:cacheprovider", *arguments]
        with output.open("wb") as file:
            process = subprocess.Popen(
                command, cwd=self.tree, env=environment, stdout=file, stderr=file, start_new_session=True
            )
            try:
                hung = waited(process, log, expected)
            finally:
                self.end(process)
        lines = read_lines(log)
        failed = [line["test"] for line in lines if line.get("outcome") == "failed"]
        if hung:
            return Ran(lines, lines[-1]["test"] if lines else "collection", "time-out")
        if failed:
            return Ran(lines, failed[0], "failed")
        if process.returncode not in (0, 5):
            return Ran(lines, lines[-1]["test"] if lines else "collection", "crash")
        return Ran(lines)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End a run's process, and all processes of this copy that it has left behind."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if path.read_bytes().startswith(f"{self.folder}/".encode()):
                    os.kill(int(path.parent.name), signal.SIGKILL)

    def put(self, module: str, text: str, number: int) -> None:
        """Write a module with a fault."""
        path = self.tree / module
        shutil.copy2(path, self.folder / "sound.py")
        path.write_text(text, encoding="utf-8")
        # A compiled file is taken for the source's where time and size are the same: no two versions share a time.
        then = (self.folder / "sound.py").stat().st_mtime - number
        os.utime(path, (then, then))

    def restore(self, module: str) -> None:
        """Write a module as it was."""
        shutil.copy2(self.folder / "sound.py", self.tree / module)


def waited(process: subprocess.Popen[bytes], log: Path, expected: dict[str, float] | None) -> bool:
    """Wait for the end of a run; whether it did not come because a test hangs."""
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.3)
            return False
        if expected is not None:
            lines = read_lines(log)
            limit = PATIENCE + FACTOR * expected.get(lines[-1]["test"], 0) if lines else COLLECTION
            if time.time() - log.stat().st_mtime > limit:
                return True


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a log."""
    text = path.read_text(encoding="utf-8").rpartition("\n")[0]
    return [json.loads(line) for line in text.splitlines()]


def files_with(tests: Iterable[str]) -> list[str]:
    """Return the test files of tests, in the order in which they first come."""
    return list(dict.fromkeys(test.partition("::")[0] for test in tests))
