"""Ways in which a target reaches what is not the user's: code, reference, arguments."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OWN = """
import numpy as np

def build(size=4):
    import jax.numpy as jnp
    def loss_fn(params, batch):
        return jnp.mean((batch[0] @ params - batch[1]) ** 2)
    return loss_fn, np.zeros(size, np.float32)

def arrays(rows=80):
    x = np.random.default_rng(0).normal(size=(rows, 4)).astype(np.float32)
    return x, x.sum(axis=1)

class Thing:
    def make(self):
        return build()
"""
"""What the user's file holds besides."""


@dataclass(frozen=True)
class Payload:
    """A function that is not the user's, with arguments under which it leaves a mark."""

    module: str
    name: str
    arguments: dict[str, Any]
    marker: str


@dataclass(frozen=True)
class Reach:
    """A reference to what is not the user's.

    Attributes:
        files: to write, by name.
        target: the reference.
        arguments: to call it with.
    """

    files: Mapping[str, str]
    target: str
    arguments: Mapping[str, Any]


def payloads(marker: Path, canary: Path) -> list[Payload]:
    """Functions that make a marker, or take a canary away."""
    touch, script = ["touch", str(marker)], f"open({str(marker)!r}, 'w').close()"
    found: list[tuple[str, str, dict[str, Any]]] = [
        ("os", "system", {"command": f"touch {marker}"}),
        ("os", "mkdir", {"path": str(marker)}),
        ("os", "makedirs", {"name": str(marker)}),
        ("os", "remove", {"path": str(canary)}),
        ("os", "symlink", {"src": "x", "dst": str(marker)}),
        ("subprocess", "getoutput", {"cmd": f"touch {marker}"}),
        ("subprocess", "call", {"args": touch}),
        ("subprocess", "check_output", {"args": f"touch {marker}", "shell": True}),
        ("subprocess", "Popen", {"args": touch}),
        ("shutil", "copy", {"src": str(canary), "dst": str(marker)}),
        ("shutil", "move", {"src": str(canary), "dst": str(marker)}),
        ("timeit", "timeit", {"stmt": script, "number": 1}),
        ("cProfile", "run", {"statement": script}),
        ("runpy", "run_path", {"path_name": str(canary)}),
        ("io", "open", {"file": str(marker), "mode": "w"}),
        ("builtins", "open", {"file": str(marker), "mode": "w"}),
        ("zipfile", "ZipFile", {"file": str(marker), "mode": "w"}),
        ("sqlite3", "connect", {"database": str(marker)}),
        ("logging", "FileHandler", {"filename": str(marker)}),
        ("numpy", "memmap", {"filename": str(marker), "mode": "w+", "shape": [1]}),
        ("numpy", "load", {"file": str(canary.with_suffix(".pkl")), "allow_pickle": True}),
    ]
    return [Payload(module, name, arguments, str(marker)) for module, name, arguments in found]


def walk(payload: Payload, rng: random.Random) -> Reach:
    """Through a module that the file imports."""
    module, name = payload.module, payload.name
    code, way = rng.choice(
        [
            (f"import {module}", module),
            (f"import {module} as tools", "tools"),
            (f"import {module} as _tools", "_tools"),
            (f"import helper\nimport {module}", f"helper.{module}"),
            ("from helper import *", module),
            (f"import types, {module}\nbox = types.SimpleNamespace(inner={module})", "box.inner"),
            (f"import {module}\nclass Tools:\n    inner = {module}\n", "Tools.inner"),
            (
                f"import {module}\nclass Tools:\n    def __init__(self):\n        self.inner = {module}\nt = Tools()",
                "t.inner",
            ),
        ]
    )
    return Reach({"my.py": code + OWN, "helper.py": f"import {module}\n"}, f"my.py:{way}.{name}", payload.arguments)


def chain(payload: Payload, rng: random.Random) -> Reach:
    """Through modules that a module of the file imports."""
    ways = [f"{each}.os" for each in ("logging", "shutil", "glob", "inspect", "zipfile", "fnmatch", "mimetypes")]
    way = rng.choice([*ways, "tempfile._os", "json.codecs.builtins"])
    command, marker = payload.arguments, payload.marker
    if payload.module != "os" or way.endswith("builtins"):  # Then by a function that is there.
        command = {"file": marker, "mode": "w"} if way.endswith("builtins") else {"path": marker}
        name = "open" if way.endswith("builtins") else "mkdir"
    else:
        name = payload.name
    return Reach({"my.py": f"import {way.partition('.')[0]}\n{OWN}"}, f"my.py:{way}.{name}", command)


def imported(payload: Payload, rng: random.Random) -> Reach:
    """A name that the file imports from elsewhere."""
    module, name = payload.module, payload.name
    code, target = rng.choice(
        [
            (f"from {module} import {name}", name),
            (f"from {module} import {name} as build_it", "build_it"),
            (f"from {module} import *\nfrom {module} import {name}", name),
            (f"import {module}\nbuild_it = {module}.{name}", "build_it"),
            (f"import {module}\nbuild_it = getattr({module}, {name!r})", "build_it"),
            (f"from helper import {name}", name),
            ("from helper import *", name),
            ("import helper", f"helper.{name}"),
            ("import helper as h", f"h.again.{name}"),
        ]
    )
    files = {"my.py": code + OWN, "helper.py": f"from {module} import {name}\nimport again\n"}
    return Reach({**files, "again.py": f"from {module} import {name}\n"}, f"my.py:{target}", payload.arguments)


def wrapped(payload: Payload, rng: random.Random) -> Reach:
    """A foreign function in a wrapping that the file made."""
    call = f"{payload.module}.{payload.name}"
    form = rng.choice(
        [
            f"functools.partial({call})",
            f"functools.partial(functools.partial({call}))",
            f"functools.lru_cache(maxsize=None)({call})",
            f"functools.update_wrapper(functools.partial({call}), build)",
            f"np.vectorize({call})",
            f"staticmethod({call})",
            f"functools.wraps(build)(functools.partial({call}))",
        ]
    )
    return Reach({"my.py": f"import functools, {payload.module}\n{OWN}\nf = {form}\n"}, "my.py:f", payload.arguments)


def attribute(payload: Payload, rng: random.Random) -> Reach:
    """A foreign function that a class or an object of the file holds."""
    call = f"{payload.module}.{payload.name}"
    code, target = rng.choice(
        [
            (f"class Tools:\n    run = staticmethod({call})", "Tools.run"),
            (f"class Tools:\n    run = {call}", "Tools.run"),
            (f"class Tools:\n    def __init__(self):\n        self.run = {call}\ntools = Tools()", "tools.run"),
            (f"class Tools:\n    class Inner:\n        run = staticmethod({call})", "Tools.Inner.run"),
            (f"import types\ntools = types.SimpleNamespace(run={call})", "tools.run"),
            (f"from collections import namedtuple\ntools = namedtuple('Tools', 'run')({call})", "tools.run"),
            (f"import argparse\ntools = argparse.Namespace(run={call})", "tools.run"),
            (f"build.run = {call}", "build.run"),
            (f"class Tools:\n    @property\n    def run(self):\n        return {call}\ntools = Tools()", "tools.run"),
            (
                f"class Tools:\n    def __getattr__(self, name):\n        return {call}\ntools = Tools()",
                "tools.anything",
            ),
        ]
    )
    return Reach({"my.py": f"import {payload.module}\n{OWN}\n{code}\n"}, f"my.py:{target}", payload.arguments)


def private(payload: Payload, rng: random.Random) -> Reach:
    """By Python's own names."""
    code = (
        f"import functools, {payload.module}\n{OWN}\n@functools.wraps({payload.module}.{payload.name})\n"
        "def kept(*args, **kwargs):\n    return build()\n"
    )
    marker = payload.marker
    target, arguments = rng.choice(
        [
            ("kept.__wrapped__", payload.arguments),
            ("__loader__.set_data", {"path": marker, "data": "x"}),
            ("__spec__.loader.set_data", {"path": marker, "data": "x"}),
            ("__loader__.get_data", {"path": marker}),
            ("build.__globals__.get", {}),
            ("build.__globals__.clear", {}),
            ("build.__builtins__.get", {}),
            ("__builtins__.get", {}),
            ("__dict__.update", {"build": "x"}),
            ("Thing.__init__.__globals__.copy", {}),
            ("Thing.make.__globals__.copy", {}),
            ("Thing.__subclasses__", {}),
            ("Thing.__class__.__subclasses__", {}),
            ("Thing.__base__.__subclasses__", {}),
            ("Thing.__mro__", {}),
            ("build.__class__", {}),
            ("build.__call__", {}),
            ("Thing.make.__call__", {}),
            ("build.__code__.replace", {}),
        ]
    )
    return Reach({"my.py": code}, f"my.py:{target}", arguments)


def method(payload: Payload, rng: random.Random) -> Reach:
    """A method of another's class, of an object that the file made or of a class that it derives."""
    marker = payload.marker
    script = f"open({marker!r}, 'w').close()"
    routes: list[tuple[str, str, dict[str, Any]]] = [
        (f"import pathlib\nplace = pathlib.Path({marker!r})", "place.touch", {"exist_ok": True}),
        (f"import pathlib\nplace = pathlib.Path({marker!r})", "place.mkdir", {"mode": 448}),
        (f"import pathlib\nplace = pathlib.Path({marker!r})", "place.write_text", {"data": "x"}),
        ("WEIGHTS = np.zeros(3)", "WEIGHTS.tofile", {"fid": marker}),
        ("WEIGHTS = np.zeros(3)", "WEIGHTS.dump", {"file": marker}),
        ("import cProfile\nprofile = cProfile.Profile()", "profile.run", {"cmd": script}),
        ("import cProfile\nprofile = cProfile.Profile()", "profile.dump_stats", {"file": marker}),
        ("import code\nconsole = code.InteractiveInterpreter()", "console.runsource", {"source": script}),
        ("import trace\ntracer = trace.Trace()", "tracer.run", {"cmd": script}),
        (
            "import code\nclass Mine(code.InteractiveInterpreter): pass\nmine = Mine()",
            "mine.runsource",
            {"source": script},
        ),
        ("import cProfile\nclass Mine(cProfile.Profile): pass\nmine = Mine()", "mine.run", {"cmd": script}),
        ("import functools, cProfile\nrun = functools.partial(cProfile.Profile().run)", "run", {"cmd": script}),
        ("import types, cProfile\nbox = types.SimpleNamespace(p=cProfile.Profile())", "box.p.run", {"cmd": script}),
    ]
    code, target, arguments = rng.choice(routes)
    return Reach({"my.py": f"{OWN}\n{code}\n"}, f"my.py:{target}", arguments)


STYLES: dict[str, Callable[[Payload, random.Random], Reach]] = {
    "through a module": walk,
    "through modules of modules": chain,
    "imported name": imported,
    "wrapped foreign function": wrapped,
    "attribute of class or object": attribute,
    "private names": private,
    "method of a foreign class": method,
}
