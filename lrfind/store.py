"""The run directory: who may write to it, the journal that grows while a run goes, and files that are whole or not
there."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from lrfind.errors import InputError, RunError

JOURNAL = "journal.jsonl"
RENEWED = "journal.jsonl.new"
"""The journal of a run that is measured again: the finished one stays until the new files are whole."""

RESULT = "result.json"
CURVE = "curve.csv"
PLOT = "plot.png"
CHECK = "check.json"
SCHEMA = "lrfind/journal/1"


def fingerprint(parts: Mapping[str, Any]) -> str:
    """A hash of all that moves the curve; two runs with the same one measure the same bits."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def default_folder(name: str, runs: Path, mark: str) -> Path:
    """``runs/name``, or ``runs/name-2`` and so on where those hold runs of another fingerprint."""
    number = 1
    while True:
        folder = runs / (name if number == 1 else f"{name}-{number}")
        if fingerprint_of(folder) in (None, mark):
            return folder
        number += 1


def fingerprint_of(folder: Path) -> str | None:
    """The fingerprint of the run in a folder; None where there is none."""
    try:
        with (folder / JOURNAL).open(encoding="utf-8") as file:
            head = json.loads(file.readline())
        return str(head["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def status_of(folder: Path) -> str | None:
    """How the run in a folder ended; None where its journal does not say."""
    try:
        *_, last = (folder / JOURNAL).read_text(encoding="utf-8").splitlines()
        return str(json.loads(last)["status"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def open_run(folder: Path, mark: str, head: Mapping[str, Any], *, own: bool, fresh: bool) -> Iterator[RunDirectory]:
    """Take a folder for one run, and give it back.

    Args:
        folder: created where it is missing.
        mark: the run's fingerprint.
        head: what the journal begins with.
        own: the user named this folder, so a run of another fingerprint in it is not passed over.
        fresh: overwrite such a run.

    Raises:
        InputError: the named folder holds another run.
        RunError: the folder cannot be written, or another process writes to it.
    """
    import filelock  # Readers of a run do without it, and it takes a while.

    with disk(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise RunError(f"{folder} is a file; choose another folder with --out") from None
        lock = filelock.FileLock(folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise RunError(
                f"{folder} is in use by {owner(folder)}; wait for it, or choose another folder with --out"
            ) from None
    try:
        found = fingerprint_of(folder)
        if found not in (None, mark) and not (own and fresh):
            if not own:
                raise RunError(f"another run took {folder} at the same moment; start this one again")
            raise InputError(
                f"{folder} holds the run of another config; choose another --out, or overwrite it with --fresh"
            )
        with disk(folder):
            (folder / ".owner").write_text(str(os.getpid()), encoding="ascii")
            run = RunDirectory(folder)
        with run:
            run.journal({"kind": "head", "schema": SCHEMA, "fingerprint": mark, **head})
            run.settle()
            yield run
    finally:
        (folder / ".owner").unlink(missing_ok=True)
        lock.release()


def owner(folder: Path) -> str:
    """The process that a folder's lock belongs to, in words."""
    try:
        return f"process {int((folder / '.owner').read_text(encoding='ascii'))}"
    except (OSError, ValueError):
        return "another process"


class RunDirectory:
    """A folder taken for one run.

    Args:
        path: the folder.

    Attributes:
        renews: there is a result in it; it and its journal stay until the new files are whole.
        finished: that result is of a run that was not interrupted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.renews = (path / RESULT).exists()
        self.finished = self.renews and status_of(path) not in (None, "interrupted")
        self._journal: IO[str] = (path / (RENEWED if self.renews else JOURNAL)).open("w", encoding="utf-8")
        self._writer = ThreadPoolExecutor(max_workers=1)
        self._pending: Future[None] | None = None

    def __enter__(self) -> RunDirectory:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.settle()
        finally:
            self._writer.shutdown()
            self._journal.close()

    def journal(self, line: Mapping[str, Any]) -> None:
        """Append one line, while the caller goes on; lines reach the disk in order.

        Raises:
            RunError: the line before this one could not be written.
        """
        self.settle()
        self._pending = self._writer.submit(self._append, line)

    def settle(self) -> None:
        """Return when every line is on the disk.

        Raises:
            RunError: one could not be written.
        """
        pending, self._pending = self._pending, None
        if pending:
            pending.result()

    def _append(self, line: Mapping[str, Any]) -> None:
        with disk(self.path):
            self._journal.write(to_line(line))
            self._journal.flush()
            os.fsync(self._journal.fileno())

    def finish(self, files: Mapping[str, bytes]) -> list[Path]:
        """Write the files of a run, each whole or not at all, and let them and its journal take the old ones' place."""
        self.settle()
        written = [self.write(name, content) for name, content in files.items()]
        with disk(self.path):
            for name in {RESULT, CURVE, PLOT, CHECK} - files.keys():
                (self.path / name).unlink(missing_ok=True)
            if self.renews:
                self._journal.close()
                os.replace(self.path / RENEWED, self.path / JOURNAL)
        return written

    def write(self, name: str, content: bytes) -> Path:
        """Write one file of the folder, whole or not at all."""
        return write(self.path / name, content)


def write(path: Path, content: bytes) -> Path:
    """Write a file, whole or not at all; of a symbolic link, the file behind it. What is no file, as a pipe, is written
    to as it is.

    Raises:
        RunError: the disk is full, or the place cannot be written.
    """
    with disk(path):
        target = path.resolve()
        if target.exists() and not target.is_file():
            target.write_bytes(content)
            return path
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    return path


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write into a sentence."""
    try:
        yield
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}") from error


def to_line(line: Mapping[str, Any]) -> str:
    """A journal line; most hold finite numbers alone, and are spared the search for others."""
    try:
        return json.dumps(line, allow_nan=False) + "\n"
    except ValueError:
        return json.dumps(speakable(line), allow_nan=False) + "\n"


def speakable(value: Any) -> Any:
    """JSON has no word for what is not finite: the journal spells nan, inf and -inf as strings."""
    if isinstance(value, Mapping):
        return {key: speakable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [speakable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
