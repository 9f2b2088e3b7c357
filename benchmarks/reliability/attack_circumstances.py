"""A run that was killed and goes on under other circumstances, and a damaged cache: the same bits, or begun anew."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from attack import HANGS, Attempt, Ground, sound

MODELS: dict[str, tuple[list[int], int]] = {"mlp": ([256, 256], 4000), "wide mlp": ([1024, 1024], 600)}
"""Widths and steps: some eight seconds, of which the first two leave no state to go on from."""


@dataclass(frozen=True)
class Around:
    """Circumstances of a process.

    Attributes:
        env: variables; None takes one away.
        before: Python to run before it becomes lrfind.
        cwd: the working directory.
        setting: what the user's code sets on import.
        stream: what the user's stream multiplies with from batch 8 on.
        same: whether these have to end in the same bits.
    """

    env: Mapping[str, str | None] = field(default_factory=dict)
    before: str = ""
    cwd: str = "."
    setting: str = ""
    stream: float = 1.0
    same: bool = False


ONE_CORE = "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})"

OTHERS: dict[str, Around] = {
    "one core": Around(before=ONE_CORE),
    "64 bits": Around(env={"JAX_ENABLE_X64": "1"}),
    "XLA_FLAGS fast math": Around(env={"XLA_FLAGS": "--xla_cpu_enable_fast_math=true"}),
    "XLA_FLAGS isa": Around(env={"XLA_FLAGS": "--xla_cpu_max_isa=SSE4_2"}),
    "XLA_FLAGS eight devices": Around(env={"XLA_FLAGS": "--xla_force_host_platform_device_count=8"}),
    "XLA_FLAGS one thread": Around(env={"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}),
    "precision of products": Around(env={"JAX_DEFAULT_MATMUL_PRECISION": "bfloat16"}),
    "random numbers": Around(env={"JAX_DEFAULT_PRNG_IMPL": "rbg"}),
    "threefry": Around(env={"JAX_THREEFRY_PARTITIONABLE": "0"}),
    "64 bits by the user's code": Around(setting="jax_enable_x64', True"),
    "random numbers by the user's code": Around(setting="jax_default_prng_impl', 'rbg"),
    "a stream that changed": Around(stream=1.5),
    "hash seed": Around(env={"PYTHONHASHSEED": "12"}, same=True),
    "C locale": Around(env={"LC_ALL": "C", "PYTHONUTF8": "0"}, same=True),
    "another working directory": Around(cwd="other", same=True),
    "cold cache": Around(env={"LRFIND_CACHE_DIR": "cold"}, same=True),
    "niced": Around(before="os.nice(10)", same=True),
    "no HOME": Around(env={"HOME": None}, same=True),
    "wide terminal": Around(env={"COLUMNS": "300", "NO_COLOR": "1"}, same=True),
}

OWN = """\
import jax, numpy as np
{setting}

def batches(seed):
    rng = np.random.default_rng(seed)
    number = 0
    while True:
        x = rng.normal(size=(32, 16)).astype(np.float32) * (1 if number < 8 else float(open({factor!r}).read()))
        yield x, (x[:, :4]).argmax(axis=1)
        number += 1
"""


def written(ground: Ground, around: Around, own: bool) -> None:
    """The user's file and what it reads, as they are under these circumstances."""
    if own:
        setting = f"jax.config.update('{around.setting})" if around.setting else ""
        if around.setting.endswith("rbg"):
            setting = f"jax.config.update('{around.setting}')"
        factor = str(ground.folder / "factor")
        ground.write({"my.py": OWN.format(setting=setting, factor=factor), "factor": str(around.stream)})


def curve(folder: Path) -> bytes | None:
    """The curve, byte for byte."""
    path = folder / "curve.csv"
    return path.read_bytes() if path.is_file() else None


def carried_on(ground: Ground, rng: random.Random, name: str) -> Attempt:
    """Killed, and begun again by the same command elsewhere."""
    around = OTHERS[name]
    own = bool(around.setting) or around.stream != 1.0 or rng.random() < 0.2
    kind = rng.choice(list(MODELS))
    (ground.folder / "other").mkdir()
    hidden, steps = MODELS[kind]
    sweep = {"min_lr": 1e-5, "max_lr": 1, "steps": steps, "seeds": 1, "extend": False}
    data: dict[str, Any] = {"data": {"target": "my.py:batches"}} if own else {}
    ground.config(model={"name": "mlp", "hidden": hidden}, sweep=sweep, **data)
    config, explicit = str(ground.folder / "c.yaml"), rng.random() < 0.5
    command = ("sweep", config, "--no-plot", "--out")
    elsewhere: dict[str, Any] = {"env": dict(around.env), "before": around.before, "cwd": around.cwd}
    if "LRFIND_CACHE_DIR" in around.env:
        elsewhere["env"]["LRFIND_CACHE_DIR"] = str(ground.folder / "cold")
    written(ground, Around(), own)
    wrong = sound(ground.lrfind(*command, str(ground.folder / "whole")), 0, 1, name="whole run")
    place = ground.folder / ("r" if explicit else "lrfind-runs/c")
    again = (*command, str(place)) if explicit else command[:-1]
    process = ground.start(*again)
    while process.poll() is None and not (place / "state.npz").exists():
        time.sleep(0.01)
    time.sleep(rng.choice([0.0, 0.01, 0.05, 0.5]))  # Hardly any step, or many, to be measured again.
    process.kill()
    done = ground.end(process).code != -9
    if not explicit and around.cwd != ".":
        (ground.folder / around.cwd / "lrfind-runs").symlink_to("../lrfind-runs")
    written(ground, around, own)
    ran = ground.lrfind(*again, **elsewhere, patience=2 * HANGS)
    wrong += sound(ran, *((0, 1) if around.same else (0, 1, 2, 3)))
    before = curve(ground.folder / "whole")
    found = [curve(path) for path in (place, place.with_name("c-2")) if (path / "result.json").is_file()]
    if around.same and before not in found:
        wrong.append("not the bits of the run that was not killed")
    if not around.same and ran.code in (0, 1) and before not in found:
        anew = ground.lrfind(*command, str(ground.folder / "anew"), **elsewhere, patience=2 * HANGS)
        wrong += sound(anew, 0, 1, name="whole run elsewhere")
        if curve(ground.folder / "anew") not in found:
            wrong.append("MIXED: the bits are those of neither")
    what = (
        f"{name}, {kind}{', own stream' if own else ''}{', --out' if explicit else ''}{', had ended' if done else ''}"
    )
    return Attempt("the same bits" if around.same else "other circumstances", what, tuple(wrong))


def _cut(raw: bytes, rng: random.Random) -> bytes:
    return raw[: rng.randrange(1, len(raw))]


def _flip(raw: bytes, rng: random.Random) -> bytes:
    found = bytearray(raw)
    for _ in range(rng.choice([1, 5, 50])):
        found[rng.randrange(len(found))] ^= rng.randrange(1, 256)
    return bytes(found)


DAMAGE: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut off": _cut,
    "empty": lambda raw, rng: b"",
    "zeros": lambda raw, rng: bytes(len(raw)),
    "half zeros": lambda raw, rng: raw[: len(raw) // 2] + bytes(len(raw) - len(raw) // 2),
    "flipped": _flip,
    "garbage": lambda raw, rng: rng.randbytes(len(raw)),
    "text": lambda raw, rng: b"<html>404</html>",
    "longer": lambda raw, rng: raw + rng.randbytes(64),
}


def damaged(ground: Ground, rng: random.Random) -> Attempt:
    """Entries of the cache are damaged: the curve is the same, and the entries are replaced."""
    ground.config(model={"name": rng.choice(["mlp", "linear"])})
    programs = ground.folder / "programs"
    env = {"LRFIND_CACHE_DIR": str(programs)}
    command = ("sweep", "c.yaml", "--no-plot", "--out")
    wrong = sound(ground.lrfind(*command, "whole", env=env), 0, 1, name="whole run")
    entries = sorted(path for path in programs.rglob("*-cache") if path.is_file())
    some = rng.sample(entries, rng.randint(1, len(entries))) if entries else []
    kind = rng.choice(list(DAMAGE))
    harmed = {path: DAMAGE[kind](path.read_bytes(), rng) for path in some}
    for path, raw in harmed.items():
        path.write_bytes(raw)
    ran = ground.lrfind(*command, "next", env=env)
    wrong += sound(ran, 0, 1)
    if curve(ground.folder / "next") != curve(ground.folder / "whole"):
        wrong.append("another curve")
    third = ground.lrfind(*command, "third", env=env)
    wrong += sound(third, 0, 1, name="third")
    left = sum(path.is_file() and path.read_bytes() == raw for path, raw in harmed.items())
    if left and kind != "longer":  # What follows an entry's end may harm nothing.
        wrong.append(f"{left} of {len(harmed)} damaged entries stay")
    if len(ran.err) > 1500 or len(third.err) > 500:
        wrong.append(f"{len(ran.err):,} letters on stderr, then {len(third.err):,}")
    shutil.rmtree(programs)
    return Attempt("damaged cache", f"{len(harmed)} of {len(entries)} entries, {kind}", tuple(wrong))


def attempt(ground: Ground, rng: random.Random, number: int) -> Attempt:
    """One attempt; every fourth is a damaged cache, and circumstances take turns."""
    if number % 4 == 3:
        return damaged(ground, rng)
    names = sorted(OTHERS, key=lambda name: blake2b(name.encode()).digest())
    return carried_on(ground, rng, names[(number - number // 4) % len(names)])
