"""What can go wrong with a machine, one by one: the exit code, the sentence, and what is left on the disk."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from command import Ran, count, end, leftovers, outcome, run, start, wait_for_lines

from lrfind.storage.journal import read_journal

CONFIG = """\
model: {name: mlp, hidden: [256, 256]}
data: {name: digits}
optimizer: {name: adam}
sweep: {steps: 1800, seeds: 2, extend: false}
confirm: {enabled: false}
"""
SWEEP = ("sweep", "c.yaml", "--no-plot", "--out")


class Verdict(NamedTuple):
    """Whether a fault was met as it should be, and what was said."""

    good: bool
    said: str


def checked(ran: Ran, code: int, words: str, more: bool = True) -> Verdict:
    said = ran.err.strip().splitlines()[-1] if ran.err.strip() else ""
    return Verdict(ran.code == code and words in ran.err and "Traceback" not in ran.err and more, f"{ran.code}: {said}")


def begun(folder: Path, name: str, lines: int = 4) -> subprocess.Popen[str]:
    """A run that has measured something."""
    process = start(folder, *SWEEP, name)
    wait_for_lines(process, folder / name / "journal.jsonl", lines)
    return process


def carried_on(folder: Path, name: str) -> bool:
    """Started again, it ends as the run that met no fault."""
    ran = run(folder, *SWEEP, name)
    return ran.code == 0 and outcome(folder / name) == outcome(folder / "whole") and not leftovers(folder / name)


def disk_full(folder: Path) -> Verdict:
    """A file may grow no further, as where a quota ends."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    if (found := tmpfs(folder, "300k")) is not None:
        ran = run(folder, *SWEEP, "disk/full")
        before = read_journal(found / "full" / "journal.jsonl").text
        shutil.copytree(found / "full", folder / "full")
        subprocess.run(["umount", str(found)], check=True)
        words = "No space left on device"
    else:
        ran = run(folder, *SWEEP, "full", before=limit)
        before = read_journal(folder / "full" / "journal.jsonl").text
        words = "cannot be written: File too large"
    again = carried_on(folder, "full")
    kept = read_journal(folder / "full" / "journal.jsonl").text.startswith(before)
    return checked(ran, 3, words, again and kept and before.count(b"\n") > 3)


def tmpfs(folder: Path, size: str) -> Path | None:
    """A disk of so many bytes; None where none may be mounted."""
    (folder / "disk").mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder / "disk")]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return None
    return folder / "disk" if mounted else None


def file_too_large(folder: Path) -> Verdict:
    """A file may grow no further, as where a quota ends."""
    ran = run(folder, *SWEEP, "large", before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)))
    before = read_journal(folder / "large" / "journal.jsonl").text
    return checked(ran, 3, "cannot be written: File too large", bool(before) and carried_on(folder, "large"))


def read_only(folder: Path) -> Verdict:
    """A file system that takes no files."""
    return checked(run(folder, *SWEEP, "/proc/lrfind"), 3, "cannot be written")


def directory_vanishes(folder: Path) -> Verdict:
    process = begun(folder, "vanishing")
    shutil.rmtree(folder / "vanishing")
    return checked(end(process), 3, "was moved or removed while the run wrote to it", carried_on(folder, "vanishing"))


def directory_moved(folder: Path) -> Verdict:
    process = begun(folder, "moving")
    (folder / "moving").rename(folder / "moved")
    return checked(end(process), 3, "was moved or removed while the run wrote to it", carried_on(folder, "moved"))


def two_processes(folder: Path) -> Verdict:
    process = begun(folder, "shared")
    process.send_signal(signal.SIGSTOP)  # Else it may be done before the second one has so much as started.
    second = run(folder, *SWEEP, "shared")
    process.send_signal(signal.SIGCONT)
    first = end(process)
    same = first.code == 0 and outcome(folder / "shared") == outcome(folder / "whole")
    return checked(second, 3, f"is in use by process {process.pid}", same)


def clock_goes_back(folder: Path) -> Verdict:
    """Files of the future, and a start in the past: no decision asks the wall clock."""
    process = begun(folder, "clock")
    process.kill()
    end(process)
    for path in (folder / "clock").iterdir():
        os.utime(path, (time.time() + 1e8,) * 2)
    good = carried_on(folder, "clock")
    return Verdict(good, "carried on" if good else "lost")


def killed(folder: Path, name: str, change: Callable[[Path], None]) -> Verdict:
    """A run that was killed, whose directory is changed before it is carried on."""
    process = begun(folder, name, 8)
    process.kill()
    end(process)
    change(folder / name)
    good = carried_on(folder, name)
    return Verdict(good, "carried on" if good else "lost")


def torn_line(folder: Path) -> Verdict:
    def tear(path: Path) -> None:
        raw = (path / "journal.jsonl").read_bytes()
        (path / "journal.jsonl").write_bytes(raw[:-7])

    return killed(folder, "torn", tear)


def foreign_line(folder: Path) -> Verdict:
    def add(path: Path) -> None:
        lines = (path / "journal.jsonl").read_bytes().splitlines(keepends=True)
        (path / "journal.jsonl").write_bytes(b"".join([*lines[:3], b'{"kind": "sweep", "loss": 3}\n', *lines[3:]]))

    return killed(folder, "foreign", add)


def changed_line(folder: Path) -> Verdict:
    def change(path: Path) -> None:
        lines = (path / "journal.jsonl").read_bytes().splitlines(keepends=True)
        lines[4] = lines[4].replace(b"1", b"2")
        (path / "journal.jsonl").write_bytes(b"".join(lines))

    return killed(folder, "changed", change)


def truncated_state(folder: Path) -> Verdict:
    def cut(path: Path) -> None:
        state = path / "state.npz"
        state.write_bytes(state.read_bytes()[:1000] if state.exists() else b"PK\3\4")

    return killed(folder, "state", cut)


def foreign_journal(folder: Path) -> Verdict:
    (folder / "other").mkdir()
    (folder / "other" / "journal.jsonl").write_text("dear diary\n", encoding="utf-8")
    ran = run(folder, *SWEEP, "other")
    kept = (folder / "other" / "journal.jsonl").read_text(encoding="utf-8") == "dear diary\n"
    return checked(ran, 2, "holds a journal.jsonl that is not lrfind's", kept)


def out_of_memory(folder: Path) -> Verdict:
    """A model that needs more than there is."""
    setting = ("--set", "model.hidden=[60000, 60000]", "--set", "sweep.seeds=1")
    limit = 4 << 30
    ran = run(
        folder,
        "sweep",
        "c.yaml",
        "--no-plot",
        "--out",
        "memory",
        *setting,
        before=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    return checked(ran, 3, "memory ran out")


def broken_pipe(folder: Path) -> Verdict:
    """The reader leaves before there is anything to read."""
    process = start(folder, *SWEEP, "pipe", "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    code = process.wait()
    same = outcome(folder / "pipe") == outcome(folder / "whole")
    return checked(Ran(code, "", err), 0, "", same and "Broken" not in err)


def stdout_full(folder: Path) -> Verdict:
    """The result goes to a full disk; the run directory has it."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        process = start(folder, *SWEEP, "out", "--json")
        process.kill()
        end(process)
        process = subprocess.Popen(
            process.args,
            cwd=folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "LRFIND_CACHE_DIR": str(folder / ".programs"),
            },
        )
        _, err = process.communicate()
    same = outcome(folder / "out") == outcome(folder / "whole")
    return checked(Ran(process.returncode, "", err), 3, "standard output cannot be written", same)


def signals(folder: Path) -> Verdict:
    """Ctrl-C and SIGTERM, one after the other, then to the end."""
    codes = []
    for number in (signal.SIGINT, signal.SIGTERM):
        process = begun(folder, "signals", count(folder / "signals" / "journal.jsonl") + 3)
        process.send_signal(number)
        codes.append(end(process).code)
    good = codes == [130, 143] and carried_on(folder, "signals")
    return Verdict(good, f"exit codes {codes}")


FAULTS: dict[str, Callable[[Path], Verdict]] = {
    "disk full": disk_full,
    "a file may grow no further": file_too_large,
    "read-only file system": read_only,
    "run directory removed": directory_vanishes,
    "run directory moved": directory_moved,
    "two processes, one directory": two_processes,
    "clock goes back": clock_goes_back,
    "torn journal line": torn_line,
    "foreign journal line": foreign_line,
    "changed journal line": changed_line,
    "foreign journal": foreign_journal,
    "truncated state": truncated_state,
    "out of memory": out_of_memory,
    "broken pipe": broken_pipe,
    "stdout on a full disk": stdout_full,
    "Ctrl-C, then SIGTERM": signals,
}


def prepare(folder: Path) -> None:
    """The config, and the run that meets no fault."""
    (folder / "c.yaml").write_text(CONFIG, encoding="utf-8")
    ran = run(folder, *SWEEP, "whole")
    assert ran.code == 0, ran.err
