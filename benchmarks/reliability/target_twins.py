"""What users write for a target, which is their own and has to work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from target_styles import OWN

MORE = """
import dataclasses, functools, jax, jax.numpy as jnp, optax

def nats(outputs, targets, scale=1.0):
    return scale * jnp.mean(optax.softmax_cross_entropy_with_integer_labels(outputs, targets))

def make(lr, decay=1e-3):
    return optax.chain(optax.add_decayed_weights(decay), optax.sgd(lr))

def logged(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner

def stream(seed):
    rng = np.random.default_rng(seed)
    while True:
        x = rng.normal(size=(16, 4)).astype(np.float32)
        yield x, x.sum(axis=1)
"""


@dataclass(frozen=True)
class Twin:
    """A target that works.

    Attributes:
        what: in words.
        site: the section of the config.
        target: the reference.
        files: to write.
        arguments: to call it with.
        more: arguments of the command.
        folder: the working directory.
        piped: whether the config comes by standard input.
        ran: files whose code a dry run says it ran.
    """

    what: str
    site: str
    target: str
    files: Mapping[str, str]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    more: tuple[str, ...] = ()
    folder: str = "."
    piped: bool = False
    ran: tuple[str, ...] = ("my.py",)


def own(what: str, site: str, name: str, code: str, **arguments: Any) -> Twin:
    """Something in the user's one file."""
    return Twin(what, site, f"my.py:{name}", {"my.py": f"{OWN}{MORE}\n{code}\n"}, arguments)


def helped(what: str, target: str, files: Mapping[str, str]) -> Twin:
    """A model in several files of the user's."""
    return Twin(what, "model", target, files, ran=(target.partition(":")[0].rpartition("/")[2],))


PACKAGE = {
    "kit/__init__.py": "from .parts.build import build\n",
    "kit/parts/__init__.py": "",
    "kit/parts/build.py": OWN,
}
INSTALLED = {"site/gadget/__init__.py": "from gadget.tools import build\n", "site/gadget/tools.py": OWN}

TWINS = (
    own("function", "model", "build", "", size=4),
    own("partial of an own function", "model", "small", "small = functools.partial(build, size=4)"),
    own("partial with keywords of the config", "model", "small", "small = functools.partial(build)", size=4),
    own(
        "static method",
        "model",
        "Maker.make",
        "class Maker:\n    @staticmethod\n    def make(size=4): return build(size)",
    ),
    own("class method", "model", "Maker.make", "class Maker:\n    @classmethod\n    def make(cls): return build()"),
    own("method of an object", "model", "thing.make", "thing = Thing()"),
    own(
        "object that can be called",
        "model",
        "m",
        "class M:\n    def __call__(self, size=4): return build(size)\nm = M()",
    ),
    own("decorated", "model", "f", "f = logged(build)", size=4),
    own("kept by lru_cache", "model", "f", "@functools.lru_cache\ndef f(size=4): return build(size)", size=4),
    own("lambda", "model", "f", "f = lambda size=4: build(size)", size=4),
    own(
        "made by an own function",
        "model",
        "f",
        "def maker(size):\n    def inner(): return build(size)\n    return inner\nf = maker(4)",
    ),
    own("dict of parts", "model", "PARTS", "_f, _p = build()\nPARTS = {'loss_fn': _f, 'params': _p}"),
    own("pair", "model", "PAIR", "PAIR = build()"),
    own(
        "dataclass of parts",
        "model",
        "Parts",
        "@dataclasses.dataclass\nclass Parts:\n    loss_fn: object = build()[0]\n"
        "    params: object = dataclasses.field(default_factory=lambda: build()[1])",
    ),
    own("function of arrays", "data", "arrays", "", rows=90),
    own("arrays of a module", "data", "ARRAYS", "ARRAYS = arrays()"),
    own(
        "jitted",
        "data",
        "f",
        "@jax.jit\ndef f():\n    x = jax.random.normal(jax.random.key(0), (80, 4))\n    return x, x.sum(axis=1)",
    ),
    own("stream", "data", "stream", ""),
    own("partial of a stream", "data", "f", "f = functools.partial(stream)"),
    own(
        "method that streams",
        "data",
        "loader.batches",
        "class L:\n    def batches(self, seed): return stream(seed)\nloader = L()",
    ),
    own("loss", "loss", "nats", "", scale=2.0),
    own("jitted loss", "loss", "f", "f = jax.jit(nats)"),
    own(
        "jitted by a decorator with options",
        "loss",
        "f",
        "@functools.partial(jax.jit, static_argnames='k')\ndef f(o, t, k=1): return nats(o, t)",
    ),
    own("partial of a loss", "loss", "f", "f = functools.partial(nats, scale=0.5)"),
    own("optimiser", "optimizer", "make", "", decay=0.01),
    own("partial of an optimiser", "optimizer", "f", "f = functools.partial(make, decay=0.01)"),
    own("optimiser from a class", "optimizer", "O.make", "class O:\n    make = staticmethod(make)"),
    helped("from a file beside", "my.py:build", {"my.py": "from helper import build\n", "helper.py": OWN}),
    helped("all names of a file beside", "my.py:build", {"my.py": "from helper import *\n", "helper.py": OWN}),
    helped("under another name", "my.py:f", {"my.py": "from helper import build as f\n", "helper.py": OWN}),
    helped(
        "by way of two files",
        "my.py:f",
        {"my.py": "from a import f\n", "a.py": "from b import build as f\n", "b.py": OWN},
    ),
    helped(
        "class of a file beside",
        "my.py:T.make",
        {"my.py": "from b import T\n", "b.py": f"{OWN}\nclass T:\n    make = staticmethod(build)\n"},
    ),
    helped("package beside", "kit/__init__.py:build", PACKAGE),
    helped("file of a package", "kit/parts/build.py:build", PACKAGE),
    helped("from a package beside", "my.py:build", {**PACKAGE, "my.py": "from kit import build\n"}),
    helped("folder below", "code/deep/my.py:build", {"code/deep/my.py": OWN}),
    Twin(
        "installed package that is allowed",
        "model",
        "gadget:build",
        INSTALLED,
        more=("--allow-import", "gadget"),
        ran=(),
    ),
    Twin("working directory is another", "model", "my.py:build", {"my.py": OWN}, folder="other"),
    Twin(
        "standard input, --allow-code", "model", "my.py:build", {"my.py": OWN}, more=("--allow-code", "."), piped=True
    ),
)
"""Every one of these is called by lrfind, and trains."""
