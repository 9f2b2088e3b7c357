"""A target leads to what the user's own file defines, and to nothing that it only imports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lrfind.core.errors import InputError
from lrfind.task.user_code import module_loading
from lrfind.task.user_code.data import is_data
from lrfind.task.user_code.loader import ImportPolicy
from lrfind.task.user_code.recognize import is_network

MINE = """\
import collections, dataclasses, enum, functools, logging, operator, os, subprocess, typing
from os import system
from pathlib import Path
from subprocess import *
import jax, jax.numpy as jnp, numpy as np, optax
import helper
from helper import build, Helper

evaluate = eval
part = functools.partial(subprocess.run, shell=True)
nested = functools.partial(functools.partial(system))
jitted = jax.jit(jnp.sum)
wrapped = functools.lru_cache(system)
static = staticmethod(system)
caller = operator.methodcaller("read_text")
method = Path("/etc/passwd").read_text
array = np.zeros(3)
factory = optax.adam
remembered = functools.wraps(system)(functools.partial(system))
scaled = optax.inject_hyperparams(optax.adam)
alias = list[int]
kind = type

def function(x=0):
    return x

def decorator(inner):
    @functools.wraps(inner)
    def outer(*args, **kwargs):
        return inner(*args, **kwargs)
    return outer

class Model:
    size = 3
    run = staticmethod(os.system)
    spawn = subprocess.run
    home = Path.home

    def __init__(self, width=1):
        self.width = width
        self.shell = subprocess.getoutput

    def __call__(self, x=0):
        return x

    def fit(self):
        return self.width

    @staticmethod
    def fixed():
        return 1

    @classmethod
    def make(cls):
        return cls()

class Path2(type(Path())):
    pass

class Handler(logging.FileHandler):
    def emit(self, record):
        pass

class Rows(np.memmap):
    pass

class Table(dict):
    pass

class Small(Model):
    pass

class Runner:
    __call__ = staticmethod(os.system)

class Partial(functools.partial):
    pass

@dataclasses.dataclass
class Record:
    x: int = 0

class Pair(typing.NamedTuple):
    x: int = 0

class Loader:
    def __iter__(self):
        return iter([])

Point = collections.namedtuple("Point", "x")
made = type("Made", (), {})
instance = Model()
child = Path2("/tmp")
runner = Runner()
sub = Partial(system)
bound = instance.fit
mine = functools.partial(function, 1)
fast = jax.jit(function)
graded = jax.value_and_grad(function)
mapped = jax.vmap(function)
remembers = jax.checkpoint(function)
cached = functools.lru_cache(function)
chosen = functools.singledispatch(function)
decorated = decorator(system)
short = lambda: 1
custom = jax.custom_jvp(function)
tree = (np.zeros((2, 1)), jnp.zeros(2))
table = {"train": tree}
batches = [tree]
sgd = optax.sgd(0.1)
loader = Loader()
exec("def dynamic(): return 1")
"""

HELPER = """\
def build():
    return 1

class Helper:
    pass
"""

Load = Callable[..., Any]


EQUINOX = """
import equinox as eqx

class Field(eqx.Module):
    width: int = 1

class Net(eqx.Module):
    layer: eqx.nn.Linear

    def __init__(self, key=None):
        self.layer = eqx.nn.Linear(2, 2, key=jax.random.key(0))

    def __call__(self, x):
        return self.layer(x)

net = Net()
filtered = eqx.filter_jit(function)
"""
"""What a file with modules of Equinox has besides."""


@pytest.fixture
def load(tmp_path: Path) -> Load:
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "helper.py").write_text(HELPER, encoding="utf-8")
    module_loading.forget()
    loader = ImportPolicy((tmp_path,))
    return lambda name, *rest: loader.load(f"{tmp_path}/mine.py:{name}", "model.target", *rest)


def test_what_a_file_defines(load: Load) -> None:
    names = "function Model Model.fixed Model.make Model.size Record Pair Point made Helper build instance bound mine"
    names += " fast graded mapped remembers cached chosen decorated short custom tree table batches sgd loader"
    names += " dynamic instance.width instance.fit array Loader decorator Table Small"
    for name in names.split():
        load(name)


def test_what_a_file_only_imports(load: Load) -> None:
    names = "system run Popen check_output getoutput evaluate part nested jitted wrapped static caller method factory"
    names += " remembered scaled alias kind Path Path.home Path.cwd Model.run Model.spawn Model.home instance.shell"
    names += " Path2 Handler Rows"
    names += " child.read_text child.write_text Path2.cwd runner sub array.tofile array.dump tree.index table.get"
    names += " cached.cache_clear chosen.register fast.lower fast.clear_cache Pair._make Point._make sgd.init"
    for name in names.split():
        with pytest.raises(InputError, match=r"does not define.* write a function of your own around it"):
            load(name)


def test_modules_of_equinox(load: Load, tmp_path: Path) -> None:
    pytest.importorskip("equinox")
    (tmp_path / "mine.py").write_text(MINE + EQUINOX, encoding="utf-8")
    for name in ("Field", "Net", "net", "net.layer.weight", "filtered"):
        load(name)
    with pytest.raises(InputError, match=r"does not define.* write a function of your own around it"):
        load("net.layer")


def test_modules_and_names_of_pythons_own_lead_nowhere(load: Load) -> None:
    for name in ("os", "os.system", "subprocess.getoutput", "np.load", "os.path.join", "helper", "helper.build"):
        with pytest.raises(InputError, match=f"'{name.split('.')[0]}' of mine.py is a module"):
            load(name)
    for name in (
        "__builtins__",
        "__loader__.load_module",
        "__spec__",
        "function.__globals__",
        "function.__builtins__",
        "function.__code__",
        "Model.__init__.__globals__",
        "Model.__subclasses__",
        "instance.__class__",
        "decorated.__wrapped__",
        "__dict__",
    ):
        with pytest.raises(InputError, match="is one of Python's own names"):
            load(name)


def test_a_callable_object_of_a_library_is_taken_as_it_is_alone(tmp_path: Path) -> None:
    """As data where it iterates, as a network where it has `init` and `apply`: then nothing of the config is given."""
    (tmp_path / "library.py").write_text(
        "class Both:\n"
        "    def __call__(self, **kwargs): raise AssertionError\n"
        "    def __iter__(self): return iter([])\n"
        "    def init(self): pass\n"
        "    def apply(self): pass\n",
        encoding="utf-8",
    )
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "mine.py").write_text(
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nfrom library import Both\nboth = Both()\n",
        encoding="utf-8",
    )
    module_loading.forget()
    loader, target = ImportPolicy((inside,)), f"{inside}/mine.py:both"
    assert loader.load(target, "k", is_data)
    assert loader.load(target, "k", is_network)
    for name in (target, f"{inside}/mine.py:Both"):
        with pytest.raises(InputError, match="does not define"):
            loader.load(name, "k")
    with pytest.raises(InputError, match="does not define"):
        loader.load(f"{inside}/mine.py:Both", "k", is_network)


def test_what_a_package_defines() -> None:
    loader = ImportPolicy((), ("optax", "json", "fractions", "numpy"))
    for target in ("optax.contrib:muon", "optax:adam", "json:loads", "fractions:Fraction.from_float", "numpy:exp"):
        assert loader.load(target, "k")
    for target in ("json.decoder:scanner.c_make_scanner", "json:codecs.open", "optax.contrib:__builtins__"):
        with pytest.raises(InputError, match=r"is a module|Python's own"):
            loader.load(target, "k")
    for target in (
        "fractions:partial",
        "fractions:Decimal",
        "json:detect_encoding.__call__",
        "optax.contrib._muon:Any",
    ):
        with pytest.raises(InputError):
            loader.load(target, "k")
