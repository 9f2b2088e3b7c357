"""Several runs, one place: configs of one stem, races, and a run that was killed."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

from attack import HANGS, Attempt, Ground, sound

LONG: dict[str, Any] = {
    "model": {"name": "mlp", "hidden": [128, 128]},
    "sweep": {"min_lr": 1e-6, "max_lr": 1, "steps": 3000, "seeds": 2, "extend": False},
}
"""Long enough to be killed."""

LINES = 4
"""Lines of its journal, after which it is."""


def results(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Results below a folder, with what their config says of the optimizer."""
    found = []
    for path in sorted(folder.rglob("result.json")):
        found.append((path, json.loads(path.read_text(encoding="utf-8"))["config"]["optimizer"]))
    return found


def one_stem(ground: Ground, rng: random.Random) -> Attempt:
    """Two configs, or three, of one name in one command."""
    names = ["a/c.yaml", "b/c.yaml", "c.yaml"][: rng.randint(2, 3)]
    rng.shuffle(names)
    optimizers = rng.sample(["sgd", "adam", "lion", "momentum"], len(names))
    for name, optimizer in zip(names, optimizers, strict=True):
        given = {"name": "sgd", "momentum": 0.9} if optimizer == "momentum" else {"name": optimizer}
        ground.config(name, optimizer={**given, "learning_rate": 1e-2})
    out = ["--out", "runs"] if rng.random() < 0.7 else []
    more = [each for each in ("--fresh", "--json") if rng.random() < 0.5]
    command = rng.choice(["sweep", "sweep", "check"])
    rounds = rng.randint(1, 2)
    wrong: list[str] = []
    for turn in range(rounds):
        ran = ground.lrfind(command, *names, *out, *more, "--no-plot", patience=2 * HANGS)
        wrong += sound(ran, 0, 1, name=f"turn {turn + 1}" if rounds > 1 else "")
    there = results(ground.folder)
    if len(there) != len(names) or len({json.dumps(each) for _, each in there}) != len(names):
        wrong.append(f"{len(there)} results of {len(names)} configs")
    what = f"{command} {' '.join([*names, *out, *more])}, {rounds} times"
    return Attempt("configs of one name", what, tuple(wrong))


def race(ground: Ground, rng: random.Random) -> Attempt:
    """Three processes at once for one folder."""
    explicit, same = rng.random() < 0.3, rng.random() < 0.5
    names = ["a/c.yaml", "b/c.yaml", "c.yaml"]
    for name, rate in zip(names, (1e-1, 1e-2, 1e-3), strict=True):
        ground.config(name, optimizer={"name": "sgd", "learning_rate": rate, "nesterov": False}, seed=0)
        if not same:
            ground.config(name, optimizer={"name": "sgd", "learning_rate": rate, "momentum": rate})
    names = ["c.yaml"] * 3 if same else names
    command = rng.choice(["sweep", "check", "train"])
    out = ["--out", "r"] if explicit else []
    begun = [ground.start(command, name, *out, "--no-plot") for name in names]
    ended = [ground.end(process, patience=2 * HANGS) for process in begun]
    codes = (0, 1, 2, 3) if explicit else (0, 1)
    wrong = [each for ran in ended for each in sound(ran, *codes)]
    there = list(ground.folder.rglob("train.json" if command == "train" else "result.json"))
    if explicit and not any(ran.code in (0, 1) for ran in ended):
        wrong.append("no process got through")
    if not explicit and len(there) != 3 and not (same and there):
        wrong.append(f"{len(there)} results of 3 runs")
    for path in there:
        curve = path.with_name("train.csv" if command == "train" else "curve.csv")
        if not curve.exists() or not json.loads(path.read_text(encoding="utf-8")):
            wrong.append(f"{path.parent.name} is not whole")
    codes_seen = [ran.code for ran in ended]
    what = f"3 x {command} {'c.yaml' if same else ' | '.join(names)} {' '.join(out)}: {codes_seen}"
    return Attempt("races for a folder", what, tuple(wrong))


def killed_fresh(ground: Ground, rng: random.Random) -> Attempt:
    """A finished run, another config's with --fresh in its folder that is killed, and the first config again."""
    default = rng.random() < 0.4
    out = [] if default else ["--out", "r"]
    ground.config("a/c.yaml")
    ground.config("b/c.yaml", **LONG)
    first = ground.lrfind("sweep", "a/c.yaml", *out, "--no-plot")
    place = ground.folder / ("lrfind-runs" if default else ".")
    before = {path: path.read_bytes() for path in place.rglob("journal.jsonl")}
    process = ground.start("sweep", "b/c.yaml", *out, "--fresh", "--no-plot")
    while process.poll() is None:  # In whichever folder it went.
        news = [path.read_bytes() for path in place.rglob("journal.jsonl*") if before.get(path) != path.read_bytes()]
        if any(raw.count(b"\n") > LINES for raw in news):
            break
        time.sleep(0.02)
    process.kill()
    ground.end(process)
    held = {path: path.read_bytes() for path in place.rglob("journal.jsonl*") if path.stat().st_size > 0}
    mine = [raw for path, raw in held.items() if before.get(path) != raw]
    again = ground.lrfind("sweep", "a/c.yaml", *out, "--no-plot")
    wrong = sound(first, 0, 1, name="first") + sound(again, *((0, 1) if default else (2,)), name="again")
    after = [path.read_bytes() for path in place.rglob("journal.jsonl*")]
    if any(not any(now.startswith(raw[: raw.rfind(b"\n") + 1]) for now in after) for raw in mine):
        wrong.append("the killed run's journal was overwritten")
    return Attempt("a killed run of another config", f"sweep {' '.join(out) or 'in the default folder'}", tuple(wrong))
