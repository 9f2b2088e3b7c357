"""Outputs and inputs that are no regular files."""

from __future__ import annotations

import json
import os
import random
import socket
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from attack import Attempt, Ground, sound


@contextmanager
def collected(descriptor: int) -> Iterator[list[bytes]]:
    """Read a pipe beside, until the context ends; then it is closed."""
    os.set_blocking(descriptor, False)
    done = threading.Event()
    found: list[bytes] = []

    def take() -> bool:
        with suppress(BlockingIOError):
            found.append(os.read(descriptor, 1 << 16))
            return bool(found[-1])
        return False

    def watch() -> None:
        while not done.is_set():
            if not take():
                time.sleep(0.01)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()
        while take():
            pass
        os.close(descriptor)


def is_json(text: str) -> bool:
    """Whether a result is whole."""
    try:
        return bool(json.loads(text))
    except ValueError:
        return False


def pipe(ground: Ground, rng: random.Random) -> Attempt:
    """--output goes into a pipe."""
    ground.config()
    command = rng.choice(["sweep", "check", "train"])
    form = rng.choice(["/dev/fd", "/dev/fd", "/dev/stdout", "/dev/stderr", "/proc/self/fd/1", "fifo", "link"])
    arguments = (command, "c.yaml", "--no-plot", "--json", "--quiet", "--output")
    wrong: list[str] = []
    if form == "/dev/fd":
        read, write = os.pipe()
        with collected(read) as got:
            process = ground.start(*arguments, f"/dev/fd/{write}", pass_fds=(write,))
            os.close(write)
            ran = ground.end(process)
        text = b"".join(got).decode()
    elif form in ("fifo", "link"):
        os.mkfifo(ground.folder / "fifo")
        (ground.folder / "link").symlink_to("fifo")
        with collected(os.open(ground.folder / "fifo", os.O_RDONLY | os.O_NONBLOCK)) as got:
            ran = ground.lrfind(*arguments, form)
        text = b"".join(got).decode()
        if not stat.S_ISFIFO(os.lstat(ground.folder / "fifo").st_mode):
            wrong.append("the pipe was replaced")
    else:
        ran = ground.lrfind(*arguments, form)
        text = ran.err if form == "/dev/stderr" else ran.out
    wrong += sound(ran, 0, 1)
    if not is_json(text):
        wrong.append("the result did not come through")
    return Attempt("--output into a pipe", f"{command} --output {form}", tuple(wrong))


def device(ground: Ground, rng: random.Random) -> Attempt:
    """--output or --plot is a device, a socket or a folder: written as it is, or refused; never replaced."""
    ground.config()
    path = ground.folder / "o.svg"
    form = rng.choice(["null", "full", "socket", "folder", "read-only folder"])
    option = rng.choice(["--output", "--plot"])
    if form in ("null", "full"):
        try:
            os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3 if form == "null" else 7))
        except OSError:  # It takes a right that users have not.
            form = "folder"
    if form == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            here = os.open(ground.folder, os.O_RDONLY)
            made.bind(f"/proc/self/fd/{here}/o.svg")  # A socket's path is short.
            os.close(here)
    if "folder" in form:
        path.mkdir(mode=0o555 if "read" in form else 0o777)
    before = stat.S_IFMT(os.lstat(path).st_mode)
    ran = ground.lrfind("sweep", "c.yaml", option, "o.svg", "--json", "--quiet")
    wrong = sound(ran, *((0, 1, 2) if form == "null" else (2, 3)))
    if stat.S_IFMT(os.lstat(path).st_mode) != before:
        wrong.append(f"the {form} was replaced")
    return Attempt("outputs that are no files", f"sweep {option} {form}", tuple(wrong))


READERS = (
    ("report", "{}"),
    ("train", "c.yaml", "--use", "{}"),
    ("check", "c.yaml", "--run", "{}"),
    ("check", "c.yaml", "--baseline", "{}", "--no-plot"),
    ("compare", "{}", "{}"),
    ("diagnose", "{}"),
    ("sweep", "{}"),
    ("sweep", "csv.yaml"),
)


def odd_input(ground: Ground, rng: random.Random) -> Attempt:
    """A run, a log, a config or data that is a device, a pipe, a folder, or has no end."""
    path = ground.folder / rng.choice(["x", "x/result.json", "x.json"])
    path.parent.mkdir(exist_ok=True)
    form = rng.choice(["/dev/zero", "/dev/full", "pipe", "folder", "sparse", "loop", "empty"])
    if form.startswith("/dev"):
        path.symlink_to(form)
    elif form == "pipe":
        os.mkfifo(path)
    elif form == "folder":
        path.mkdir()
    elif form == "loop":
        path.symlink_to(path.name)
    else:
        path.touch()
        os.truncate(path, (40 << 30) if form == "sparse" else 0)
    given = rng.choice([str(path.relative_to(ground.folder)), "x"]) if (ground.folder / "x").is_dir() else path.name
    ground.config()
    ground.config("csv.yaml", data={"name": "csv", "path": str(path), "targets": "y"}, loss="mse")
    command = [each.format(given) for each in rng.choice(READERS)]
    limit = "resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))"
    ran = ground.lrfind(*command, before=limit, patience=45)
    return Attempt("inputs that are no files", f"{' '.join(command)}: {form}", tuple(sound(ran, 2)))
