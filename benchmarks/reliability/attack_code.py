"""The user's code raises, prints, starts processes and gives odd batches: no verdict but out of a measurement."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any

from attack import Attempt, Ground, left_behind, sound
from code_streams import odd_stream
from command import Ran

CODE = """\
import os, sys
import numpy as np
#import

def build():
    #build
    import jax.numpy as jnp
    def init(key):
        #init
        return {"w": jnp.zeros((4, 1))}
    def apply(params, inputs):
        #apply
        return inputs @ params["w"]
    return init, apply

def arrays():
    #arrays
    x = np.random.default_rng(0).normal(size=(160, 4)).astype(np.float32)
    return x, x.sum(axis=1, keepdims=True)

def batches(seed):
    #batches
    rng = np.random.default_rng(seed)
    number = 0
    while True:
        #batch
        x = rng.normal(size=(16, 4)).astype(np.float32)
        yield x, x.sum(axis=1, keepdims=True)
        number += 1

def loss(outputs, targets):
    #loss
    return ((outputs - targets) ** 2).mean()

def make(lr):
    #make
    import optax
    return optax.sgd(lr)
"""
"""The user's file; a comment is a place for what is drawn."""

SITES = ("import", "build", "init", "apply", "arrays", "batches", "batch", "loss", "make")

RAISED = {
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "its subclass": "raise type('Stop', (KeyboardInterrupt,), {})('stop')",
    "SystemExit(0)": "sys.exit(0)",
    "SystemExit(None)": "sys.exit()",
    "SystemExit(1)": "sys.exit(1)",
    "SystemExit(text)": "sys.exit('all is well')",
    "exit()": "raise SystemExit(True)",
    "GeneratorExit": "raise GeneratorExit",
    "CancelledError": "raise __import__('asyncio').CancelledError",
    "BaseException": "raise BaseException('base')",
    "own BaseException": "raise type('Odd', (BaseException,), {})('odd')",
    "ValueError": "raise ValueError('x')",
    "KeyError": "raise KeyError('::error::x')",
    "without words": "raise RuntimeError",
    "str raises": "raise type('S', (Exception,), {'__str__': lambda self: 1 / 0})",
    "str is no str": "raise type('S', (Exception,), {'__str__': lambda self: 3})",
    "repr raises": "raise type('R', (Exception,), {'__repr__': lambda self: 1 / 0, '__str__': object.__repr__})",
    "str exits": "raise type('S', (BaseException,), {'__str__': lambda self: sys.exit(0)})",
    "StopIteration": "raise StopIteration",
    "StopAsyncIteration": "raise StopAsyncIteration",
    "MemoryError": "raise MemoryError",
    "RecursionError": "(lambda f: f(f))(lambda f: f(f))",
    "ExceptionGroup": "raise ExceptionGroup('g', [ValueError(1), KeyError(2)])",
    "BaseExceptionGroup": "raise BaseExceptionGroup('g', [KeyboardInterrupt()])",
    "OSError": "raise OSError(28, 'No space left on device')",
    "BrokenPipeError": "raise BrokenPipeError(32, 'Broken pipe')",
    "EOFError": "raise EOFError",
    "TimeoutError": "raise TimeoutError",
    "Warning": "raise UserWarning('w')",
    "surrogates": "raise ValueError('\\udcff\\x1b[31m\\u202e')",
    "long": "raise ValueError('x' * 10**6)",
    "lrfind's error": "raise __import__('lrfind').errors.InputError('no', key='model')",
    "AssertionError": "assert False",
    "cause": "raise ValueError('x') from KeyboardInterrupt()",
}

NOISE = "~noise~"
THREAD = """\
def noisy():
    import time
    for _ in range({}):
        {}
        time.sleep(0.01)
__import__('threading').Thread(target=noisy, daemon={}).start()"""

PRINTED = {
    "print": f"print('{NOISE}')",
    "print, held back": f"print('{NOISE}', end='')",
    "sys.stdout": f"sys.stdout.write('{NOISE}\\n'); sys.stdout.flush()",
    "sys.__stdout__": f"sys.__stdout__.write('{NOISE}\\n')",
    "its bytes": f"sys.stdout.buffer.write(b'{NOISE}\\n')",
    "descriptor 1": f"os.write(1, b'{NOISE}\\n')",
    "copy of descriptor 1": f"os.write(os.dup(1), b'{NOISE}\\n')",
    "file of descriptor 1": f"f = os.fdopen(1, 'w', closefd=False); f.write('{NOISE}\\n'); f.flush()",
    "/dev/stdout": f"f = open('/dev/stdout', 'a'); f.write('{NOISE}\\n'); f.close()",
    "os.system": f"os.system('echo {NOISE}')",
    "subprocess": f"__import__('subprocess').run(['echo', '{NOISE}'])",
    "child after the end": f"__import__('subprocess').Popen('sleep 4; echo {NOISE}', shell=True)",
    "fork": f"p = os.fork()\nif p == 0: os.write(1, b'{NOISE}\\n'); os._exit(0)\nos.waitpid(p, 0)",
    "C": f"c = __import__('ctypes').CDLL(None); c.puts(b'{NOISE}'); c.fflush(None)",
    "C, held back": f"__import__('ctypes').CDLL(None).puts(b'{NOISE}')",
    "thread": THREAD.format(200, f"print('{NOISE}')", False),
    "thread past the end": THREAD.format(500, f"os.write(1, b'{NOISE}\\n')", True),
    "atexit": f"__import__('atexit').register(lambda: print('{NOISE}'))",
    "atexit, descriptor 1": f"__import__('atexit').register(lambda: os.write(1, b'{NOISE}\\n'))",
    "logging": f"import logging as g; g.StreamHandler(sys.stdout).emit(g.makeLogRecord({{'msg': '{NOISE}'}}))",
    "stdout replaced": f"sys.stdout = os.fdopen(os.dup(1), 'w'); print('{NOISE}', flush=True)",
    "stdout closed": "sys.stdout.close()",
    "descriptor 1 closed": "os.close(1)",
}

COMMANDS: dict[str, tuple[str, ...]] = {
    "sweep": ("sweep", "c.yaml", "--no-plot", "--json"),
    "check junit": ("check", "c.yaml", "--no-plot", "--format", "junit"),
    "check github": ("check", "c.yaml", "--no-plot", "--format", "github"),
    "check": ("check", "c.yaml", "--no-plot", "--json"),
    "train --fail-on": ("train", "c.yaml", "--no-plot", "--fail-on", "diverged", "--json"),
}


def placed(code: str, site: str, at: int = 0) -> str:
    """The user's file with code at a site; of a stream, at a batch."""
    lines = []
    for line in CODE.splitlines():
        if line.strip() == f"#{site}":
            indent = line[: len(line) - len(line.lstrip())]
            more = [f"if number == {at}:"] if site == "batch" else []
            deep = indent + "    " * len(more)
            lines += [indent + each for each in more] + [deep + each for each in code.splitlines()]
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def prepared(ground: Ground, code: str, stream: bool, steps: int = 60) -> None:
    """A config all of the user's own."""
    data: dict[str, Any] = {"target": "my.py:batches"} if stream else {"target": "my.py:arrays", "batch_size": 16}
    sweep = {"min_lr": 1e-4, "max_lr": 10, "steps": steps, "seeds": 1, "extend": False}
    ground.write({"my.py": code})
    ground.config(
        model={"target": "my.py:build"},
        data=data,
        loss={"target": "my.py:loss"},
        optimizer={"target": "my.py:make", "learning_rate": 0.1},
        sweep=sweep,
        train={"steps": steps},
    )


def raises(ground: Ground, rng: random.Random) -> Attempt:
    """Something is raised somewhere."""
    what = rng.choice(list(RAISED))
    site = rng.choice([*SITES, "batch", "batch"])
    at = rng.choice([0, 1, 7, 31, 33, 120, 180])
    reached = ground.folder / "reached"
    code = placed(f"open({str(reached)!r}, 'w').close()\n{RAISED[what]}", site, at)
    prepared(ground, code, site.startswith("batch"), steps=300)
    name = rng.choice(list(COMMANDS))
    ran = ground.lrfind(*COMMANDS[name])
    if not reached.exists():
        return Attempt("the user's code raises", f"{what}: not reached", tuple(sound(ran, 0, 1)))
    wrong = sound(ran, 3)
    number = next(i for i, line in enumerate(code.splitlines(), 1) if RAISED[what].splitlines()[0] in line)
    if ran.code == 3 and not re.search(rf"my\.py\W+(line )?{number}\b", ran.err):
        wrong.append(f"my.py:{number} is not named")
    if len(ran.err) > 20_000:
        wrong.append(f"{len(ran.err):,} letters on stderr")
    wrong += verdict(name, ran)
    where = f"batch {at}" if site == "batch" else site
    return Attempt("the user's code raises", f"{what} at {where}, {name}", tuple(wrong))


def verdict(name: str, ran: Ran) -> list[str]:
    """What a form of CI says of a run that failed."""
    if name == "check junit" and ("<error" not in ran.out or "<failure" in ran.out):
        return ["JUnit has no error" if "<error" not in ran.out else "JUnit has a failure"]
    lines = (ran.out + ran.err).splitlines()
    if name == "check github" and not any(line.startswith("::error") for line in lines):
        return ["no ::error"]
    if name == "check" and '"status": "pass"' in ran.out:
        return ["a gate passed"]
    return []


def prints(ground: Ground, rng: random.Random) -> Attempt:
    """Standard output is the result's alone."""
    what = rng.choice(list(PRINTED))
    site = rng.choice([*SITES, "batch"])
    prepared(ground, placed(PRINTED[what], site, rng.choice([0, 5, 40])), site.startswith("batch"))
    name = rng.choice(["sweep", "check", "train --fail-on", "check junit", "sweep"])
    process = ground.start(*COMMANDS[name], script=rng.random() < 0.5)
    ran = ground.end(process)
    wrong = sound(ran, 0, 1)
    if NOISE in ran.out:
        wrong.append("noise on stdout")
    if name == "check junit" and not (ran.out.startswith("<?xml") and ran.out.rstrip().endswith("</testsuites>")):
        wrong.append("stdout is not the JUnit file alone")
    if name != "check junit":
        try:
            json.loads(ran.out)
        except ValueError:
            wrong.append("stdout is not the JSON alone")
    return Attempt("the user's code prints", f"{what} at {site}, {name}", tuple(wrong))


WORKERS = {
    "Pool": "with c.Pool(2) as p:\n        parts = p.map(work, range(4))",
    "Pool, never closed": "global p; p = c.Pool(2)\n    parts = p.map(work, range(4))",
    "ProcessPoolExecutor": "from concurrent.futures import ProcessPoolExecutor as E\n"
    "    with E(2, mp_context=c) as p:\n        parts = list(p.map(work, range(4)))",
    "executor, never closed": "from concurrent.futures import ProcessPoolExecutor as E\n"
    "    global p; p = E(2, mp_context=c)\n    parts = list(p.map(work, range(4)))",
    "Process": "q = c.Queue()\n    ps = [c.Process(target=put, args=(q, i)) for i in range(4)]\n"
    "    [p.start() for p in ps]\n    parts = [q.get() for _ in ps]\n    [p.join() for p in ps]",
    "Process, daemon, never ends": "q = c.Queue()\n    p = c.Process(target=forever, args=(q,), daemon=True)\n"
    "    p.start()\n    parts = [q.get() for _ in range(4)]",
}


def works(ground: Ground, rng: random.Random) -> Attempt:
    """Processes of the user's loader run a function of the user's file, and end with the run."""
    method, kind = rng.choice(["fork", "spawn", "forkserver", "spawn", "forkserver"]), rng.choice(list(WORKERS))
    streamed, stem = rng.random() < 0.5, rng.choice(["my", "loader", "data"])
    body = f"    import multiprocessing\n    c = multiprocessing.get_context('{method}')\n    {WORKERS[kind]}\n"
    code = (
        "import numpy as np\nimport beside\n\ndef work(i):\n"
        "    return np.random.default_rng(beside.SEED + i).normal(size=(32, 4)).astype(np.float32)\n\n"
        "def put(q, i):\n    q.put(work(i))\n\n"
        "def forever(q):\n    import time\n    [q.put(work(i)) for i in range(4)]\n    time.sleep(300)\n\n"
        f"def arrays():\n{body}    x = np.concatenate(parts)\n    return x, x.sum(axis=1, keepdims=True)\n\n"
        "def batches(seed):\n    x, y = arrays()\n    while True:\n"
        "        yield from zip(np.split(x, 8), np.split(y, 8))\n"
    )
    ground.write({f"{stem}.py": code, "beside.py": "SEED = 3\n"})
    target = f"{stem}.py:{'batches' if streamed else 'arrays'}"
    ground.config(data={"target": target}, loss="mse", optimizer={"name": "sgd", "learning_rate": 0.01})
    name = rng.choice(["sweep", "check", "train --fail-on"])
    process = ground.start(*COMMANDS[name], script=rng.random() < 0.5)
    ran = ground.end(process, patience=60)
    wrong = [*sound(ran, 0, 1), *left_behind(process)]
    return Attempt("the user's worker processes", f"{method} {kind} in {target}, {name}", tuple(wrong))


KINDS: tuple[Callable[[Ground, random.Random], Attempt], ...] = (
    raises,
    prints,
    raises,
    odd_stream,
    works,
    raises,
    prints,
)


def attempt(ground: Ground, rng: random.Random, number: int) -> Attempt:
    """One attempt."""
    return KINDS[number % len(KINDS)](ground, rng)
