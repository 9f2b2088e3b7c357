"""Run scenarios with the real command, and collect all that comes out, without what a clock or a path decides."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scenarios import BROKEN, CONFIGS, LOGS, Command

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0
"""Seconds after which a process counts as hanging."""

MEASURED = ("timing", "seconds", "expected_seconds", "sum", "result.json", "train.json")
"""Keys of JSON objects that hold a duration, or a checksum over one: a journal lists the hashes of its files."""

DURATION = re.compile(r"\b\d[\d,]*(?:\.\d+)? (?:ms|s|min|h)\b|\ba second\b")
PARTS = re.compile(r"TIME(?:[:,] \w+ TIME)+")
"""A duration and those of its parts, of which very short ones are left out."""

TIME_ROW = re.compile(r"^time +\S.*\n(?: +\S.*\n)*", re.MULTILINE)
"""The row of durations in a text report, which is wrapped by their lengths."""


def collect(phases: Sequence[Mapping[str, list[Command]]], folder: Path, programs: Path) -> dict[str, bytes]:
    """Run the scenarios of every phase, two at a time.

    Args:
        phases: scenarios by name; those of a phase begin when the phase before has ended.
        folder: an empty folder to run them in.
        programs: folder of compiled programs.

    Returns:
        Outputs by name, ``"SCENARIO NUMBER ARGUMENTS: WHAT"``.
    """
    found: dict[str, bytes] = {}
    with ThreadPoolExecutor(2) as pool:
        for phase in phases:
            for outputs in pool.map(lambda name, of=phase: scenario(name, of[name], folder, programs), phase):
                found |= outputs
    return found


def scenario(name: str, commands: Sequence[Command], folder: Path, programs: Path) -> dict[str, bytes]:
    """Run the commands of a scenario, one after the other, in a folder of its own."""
    place = folder / name
    shutil.copytree(ROOT / "configs" / "own", place)
    shutil.copytree(ROOT / "configs" / "data", place, dirs_exist_ok=True)
    for config, text in {**CONFIGS, **BROKEN}.items():
        (place / f"{config}.yaml").write_text(text, encoding="utf-8")
    for log, text in LOGS.items():
        (place / log).write_text(text, encoding="utf-8")
    found = {}
    for number, command in enumerate(commands):
        before = dict(stamps(place))
        streams = run(command, place, programs)
        changed = [path for path, stamp in stamps(place) if before.get(path) != stamp]
        files = {path.relative_to(place).as_posix(): path.read_bytes() for path in sorted(changed)}
        label = f"{name} {number:02} {command.line}"
        for what, content in {**streams, **files}.items():
            found[f"{label}: {what}"] = steady(content, what, folder)
    return found


def stamps(folder: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    """Every file below a folder with what changes when it is written; locks and states left out."""
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in (".lock", ".owner", "state.npz") and path.suffix != ".pyc":
            stat = path.stat()
            yield path, (stat.st_mtime_ns, stat.st_ino)


def run(command: Command, place: Path, programs: Path) -> dict[str, bytes]:
    """Run a command; returns its streams and exit code, or nothing where it was killed."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("LRFIND_", "GITHUB_", "JAX_"))
    }
    environment |= {
        "PYTHONPATH": str(ROOT),
        "LRFIND_CACHE_DIR": str(programs),
        "COLUMNS": "100",
        "TERM": "dumb",
        "GITHUB_STEP_SUMMARY": str(place / "summary.md"),
    }
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "lrfind", *command.line.split()],
        cwd=place,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if command.kill_at:
        kill(process, place / command.run, command.kill_at)
        return {}
    out, err = process.communicate(command.stdin.encode(), timeout=PATIENCE)
    return {"exit code": str(process.returncode).encode(), "stdout": out, "stderr": err}


def kill(process: subprocess.Popen[bytes], place: Path, lines: int) -> None:
    """Kill a process once its journal is so long, and cut off what came later: a kill is not on time to the line."""
    journal = place / "journal.jsonl"
    deadline = time.monotonic() + PATIENCE
    while not journal.exists() or journal.read_bytes().count(b"\n") < lines:
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{' '.join(process.args)} ended before its journal had {lines} lines")  # type: ignore[arg-type]
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:lines]))
    (place / "state.npz").unlink(missing_ok=True)


def steady(content: bytes, name: str, folder: Path) -> bytes:
    """An output without durations, checksums over them, and temporary paths."""
    try:
        text = content.decode().replace(str(folder), "FOLDER").replace(str(ROOT), "ROOT")
    except UnicodeDecodeError:
        return content  # A PNG.
    try:
        parts = text.splitlines() if name.endswith(".jsonl") else [text]
        whole = [json.dumps(unmeasured(json.loads(part)), indent=1) for part in parts]
        return "\n".join(sorted(whole)).encode()  # What a second thread measures reaches a journal at any time.
    except ValueError:
        return PARTS.sub("TIME", DURATION.sub("TIME", TIME_ROW.sub("time\n", text))).encode()


def unmeasured(value: Any) -> Any:
    """A JSON value without the keys of `MEASURED`."""
    if isinstance(value, dict):
        return {key: unmeasured(item) for key, item in value.items() if key not in MEASURED}
    return [unmeasured(item) for item in value] if isinstance(value, list) else value
