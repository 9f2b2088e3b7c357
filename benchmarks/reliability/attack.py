"""Attacks drawn by seed: an attempt is real commands in a folder of its own, and a list of what did not hold."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from command import ROOT, Ran

HANGS = 90.0
"""Seconds after which a command of an attempt counts as hanging."""

AT_ONCE = 2
"""Attempts side by side."""

GONE = 30
"""Tenths of a second in which what a run started is gone after it."""

HUNG = -999
"""The exit code of a command that was ended for taking too long."""

CONFIG: dict[str, Any] = {
    "model": {"name": "linear"},
    "data": {"name": "digits"},
    "optimizer": {"name": "sgd", "learning_rate": 0.5},
    "sweep": {"min_lr": 1e-4, "max_lr": 100, "steps": 60, "seeds": 1, "extend": False},
    "confirm": {"enabled": False},
    "train": {"steps": 60},
}
"""Some two seconds, and a rate is recommended; JSON is YAML."""


@dataclass(frozen=True)
class Attempt:
    """What came of an attempt.

    Attributes:
        kind: attempts of one kind are counted together.
        what: the draw, in words.
        wrong: what did not hold; nothing where all did.
    """

    kind: str
    what: str
    wrong: tuple[str, ...]


@dataclass
class Ground:
    """The folder of an attempt, and its commands.

    Attributes:
        folder: of this attempt alone.
        programs: folder of compiled programs that all attempts share.
        log: the commands so far, and what they said.
    """

    folder: Path
    programs: Path
    log: list[str] = field(default_factory=list)

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files, folders made as needed."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))

    def config(self, name: str = "c.yaml", **sections: Any) -> dict[str, Any]:
        """Write a config: the small one, with sections in the place of its own; None leaves one out."""
        config = {key: value for key, value in {**CONFIG, **sections}.items() if value is not None}
        self.write({name: json.dumps(config)})
        return config

    def start(
        self,
        *arguments: str,
        cwd: str = ".",
        env: Mapping[str, str | None] | None = None,
        before: str = "",
        script: bool = False,
        pass_fds: Sequence[int] = (),
        stdin: int = subprocess.DEVNULL,
    ) -> subprocess.Popen[str]:
        """Start lrfind in a session of its own.

        Args:
            arguments: of the command line.
            cwd: below the attempt's folder.
            env: variables to set; None takes one away.
            before: Python to run in the process before it becomes lrfind.
            script: by the installed script where there is one, instead of the module.
            pass_fds: descriptors that stay open.
            stdin: standard input.
        """
        paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        settings = {"PYTHONPATH": paths, "LRFIND_CACHE_DIR": str(self.programs), "COLUMNS": "100", **(env or {})}
        environment = {key: value for key, value in {**os.environ, **settings}.items() if value is not None}
        installed = Path(sys.executable).with_name("lrfind")
        command = [str(installed)] if script and installed.exists() else [sys.executable, "-P", "-m", "lrfind"]
        command += arguments
        if before:
            run = f"import os, sys, resource, signal\n{before}\nos.execv(sys.argv[1], sys.argv[1:])"
            command = [sys.executable, "-c", run, *command]
        return subprocess.Popen(
            command,
            cwd=self.folder / cwd,
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            start_new_session=True,
            pass_fds=pass_fds,
        )

    def end(self, process: subprocess.Popen[str], stdin: str | None = None, patience: float = HANGS) -> Ran:
        """Wait for a process; it and all that it left behind are ended after so many seconds."""
        try:
            out, err = process.communicate(stdin, timeout=patience)
            code = process.returncode
        except subprocess.TimeoutExpired:
            code = HUNG
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
        words = " ".join(str(each) for each in list(process.args)[-12:])  # type: ignore[arg-type]
        self.log.append(f"$ {words}\nexit {code}\n{out[-1500:]}{err[-3000:]}")
        return Ran(code, out, err)

    def lrfind(self, *arguments: str, stdin: str | None = None, patience: float = HANGS, **options: Any) -> Ran:
        """lrfind from beginning to end; options as for `start`."""
        given = subprocess.DEVNULL if stdin is None else subprocess.PIPE
        return self.end(self.start(*arguments, stdin=given, **options), stdin, patience)

    def snapshot(self, below: str = ".") -> dict[str, str]:
        """Every file, link and folder, with a hash of what it holds."""
        found = {}
        for path in sorted((self.folder / below).rglob("*")):
            name = str(path.relative_to(self.folder))
            if path.is_symlink():
                found[name] = f"-> {os.readlink(path)}"
            elif path.is_file():
                found[name] = blake2b(path.read_bytes(), digest_size=12).hexdigest()
            else:
                found[name] = "folder" if path.is_dir() else "special"
        return found


def sound(ran: Ran, *codes: int, name: str = "") -> list[str]:
    """What is wrong with how a command ended, whatever it was asked for."""
    wrong = []
    if ran.code == HUNG:
        wrong.append("hangs")
    elif ran.code not in codes:
        wrong.append(f"exit {ran.code} instead of {' or '.join(map(str, codes))}")
    if "Traceback (most recent call last)" in ran.err:
        wrong.append("traceback")
    if "fault of lrfind" in ran.err:
        wrong.append("a fault of lrfind")
    if ran.code not in (0, 1, HUNG) and not ran.err.strip():
        wrong.append("no sentence")
    return [f"{name}: {each}" if name else each for each in wrong]


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The user's files that are not what they were."""
    gone = [f"{name} is gone" for name in before if name not in after]
    return gone + [f"{name} was changed" for name, was in before.items() if after.get(name, was) != was]


def left_behind(process: subprocess.Popen[str]) -> list[str]:
    """Processes of a session that ended, which still run soon after (where there is a /proc to look at)."""
    for _ in range(GONE):
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError, IndexError):
                state, _, group = path.read_text().rpartition(")")[2].split()[:3]
                if int(group) == process.pid and state != "Z":
                    found.append(f"process {path.parent.name} was left behind")
        if not found:
            return []
        time.sleep(0.1)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return found


Draw = Callable[[Ground, random.Random, int], Attempt]
"""An attempt in its folder, by random numbers and its number; kinds take turns by the number."""


def attempts(name: str, draw: Draw, numbers: Sequence[int], folder: Path, seed: int) -> Iterator[tuple[int, Attempt]]:
    """Make attempts, some at once; each with a folder of its own, and what was said in a text beside that."""

    def one(number: int) -> tuple[int, Attempt]:
        ground = Ground((folder / f"{name}-{number}").resolve(), (folder / ".programs").resolve())
        ground.folder.mkdir(parents=True)
        try:
            found = draw(ground, random.Random(f"{seed} {name} {number}"), number)
        except Exception as error:  # What a run left was not so much as looked for.
            found = Attempt("could not be judged", name, (f"{type(error).__name__}: {error}",))
        said = folder / f"{name}-{number}.txt"
        said.write_text("\n".join(ground.log), encoding="utf-8", errors="surrogateescape")
        return number, found

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(one, numbers)
