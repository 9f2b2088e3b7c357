"""The tasks: each a config of lrfind as a plain mapping, with data that needs no file. A new one is one line."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML

from lrfind.config.schema import Config
from lrfind.config.validate import validate

Mapping = dict[str, Any]
Half = Literal["tuned", "reported"]

CONFIGS = Path(__file__).parents[2] / "configs"
SHIPPED = ("digits-mlp-sgd", "digits-mlp-momentum", "digits-mlp-adam", "digits-mlp-adamw")
"""Tasks that are configs of the repository."""

LINEAR: Mapping = {"name": "linear"}


def mlp(*hidden: int, act: str = "relu", norm: str = "none", **options: Any) -> Mapping:
    """A fully connected network."""
    return {"name": "mlp", "hidden": list(hidden), "activation": act, "norm": norm, **options}


def cnn(*channels: int, norm: str = "none") -> Mapping:
    """Convolutions."""
    return {"name": "cnn", "channels": list(channels), "norm": norm}


def resnet(*stages: int, norm: str = "group") -> Mapping:
    """Residual blocks, eight channels wide at first."""
    return {"name": "resnet", "stages": list(stages), "width": 8, "norm": norm}


def transformer(layers: int = 1, width: int = 32, dropout: float = 0.0) -> Mapping:
    """A decoder that sees 16 bytes."""
    return {"name": "transformer", "layers": layers, "heads": 2, "width": width, "context": 16, "dropout": dropout}


def digits(batch: int, held_out: float = 0.2) -> Mapping:
    """Classification. Of 1,797 rows, 0.9 held out leave 180 to train on: they are over-fitted."""
    return {"name": "digits", "batch_size": batch, "validation_fraction": held_out}


def friedman(batch: int, noise: float = 1.0, rows: int = 2000, held_out: float = 0.2) -> Mapping:
    """Regression. Of 2,000 rows, 0.95 held out leave 100."""
    return {"name": "friedman", "batch_size": batch, "noise": noise, "rows": rows, "validation_fraction": held_out}


def images(batch: int, rows: int = 1200) -> Mapping:
    """Classification of small images: eight directions of stripes, wherever they begin."""
    return {"name": "images", "size": 12, "classes": 8, "rows": rows, "batch_size": batch}


def text(batch: int) -> Mapping:
    """The next byte of the shipped book."""
    return {"name": "text", "batch_size": batch}


def opt(name: str, **options: Any) -> Mapping:
    """An optimiser with its keywords."""
    return {"name": name, **options}


SGD = opt("sgd")
MOMENTUM = opt("sgd", momentum=0.9)
NESTEROV = opt("sgd", momentum=0.9, nesterov=True)


def task(model: Mapping, data: Mapping, optimizer: Mapping, steps: int, schedule: str, warmup: int = 0) -> Mapping:
    """A config."""
    train = {"steps": steps, "schedule": {"name": schedule, "warmup_steps": warmup}}
    return {"model": model, "data": data, "optimizer": optimizer, "train": train}


def shipped(name: str) -> Mapping:
    """A config of the repository."""
    mapping: Mapping = YAML(typ="safe").load(CONFIGS / f"{name}.yaml")
    return mapping


TASKS: dict[str, Mapping] = {
    # 300 steps
    "digits-linear-sgd-300": task(LINEAR, digits(64), SGD, 300, "cosine"),
    "digits-linear-adagrad-300": task(LINEAR, digits(64), opt("adagrad"), 300, "cosine"),
    "digits-tanh-sgd-300": task(mlp(64, act="tanh"), digits(64), SGD, 300, "constant"),
    "digits-norm-sgd-300": task(mlp(64, 64, norm="layer"), digits(32), SGD, 300, "cosine"),
    "friedman-tanh-sgd-clip-300": task(mlp(32, 32, act="tanh"), friedman(32), opt("sgd", clip_norm=0.1), 300, "linear"),
    "digits-deep-adam-300": task(mlp(*[32] * 8), digits(32), opt("adam"), 300, "cosine"),
    "friedman-deep-rmsprop-300": task(mlp(*[32] * 6, act="gelu"), friedman(32), opt("rmsprop"), 300, "cosine"),
    "digits-wide-momentum-300": task(mlp(256), digits(32), MOMENTUM, 300, "cosine"),
    "digits-norm-lion-300": task(mlp(64, 64, norm="layer"), digits(64), opt("lion"), 300, "cosine"),
    "digits-mlp-muon-300": task(mlp(64, 64), digits(64), opt("muon"), 300, "cosine"),
    "digits-mlp-adafactor-300": task(mlp(64, 64), digits(64), opt("adafactor"), 300, "linear", 30),
    "friedman-linear-adafactor-300": task(LINEAR, friedman(64), opt("adafactor"), 300, "cosine"),
    "digits-big-batch-adam-300": task(mlp(64), digits(512), opt("adam"), 300, "cosine"),
    "digits-narrow-tanh-sgd-300": task(mlp(*[16] * 8, act="tanh"), digits(32), SGD, 300, "cosine"),
    "digits-deep-momentum-300": task(mlp(*[32] * 8), digits(32), opt("sgd", momentum=0.8), 300, "cosine"),
    "digits-linear-momentum-300": task(LINEAR, digits(64), MOMENTUM, 300, "one_cycle"),
    "digits-linear-nesterov-300": task(LINEAR, digits(128), NESTEROV, 300, "linear", 30),
    "digits-linear-lamb-300": task(LINEAR, digits(64), opt("lamb"), 300, "cosine"),
    "friedman-tanh-lamb-300": task(mlp(32, act="tanh"), friedman(32), opt("lamb"), 300, "cosine"),
    "digits-few-muon-300": task(mlp(32, 32), digits(16, 0.9), opt("muon"), 300, "constant"),
    # 400 steps
    **{name: shipped(name) for name in SHIPPED},
    "friedman-mlp-nesterov-400": task(mlp(64, 64, act="silu"), friedman(64), NESTEROV, 400, "linear", 40),
    "friedman-deep-sgd-400": task(mlp(*[32] * 6, act="tanh"), friedman(32), SGD, 400, "cosine"),
    "friedman-norm-deep-adam-400": task(mlp(*[32] * 6, norm="layer"), friedman(32), opt("adam"), 400, "one_cycle"),
    "digits-few-adam-400": task(mlp(64, 64), digits(16, 0.9), opt("adam"), 400, "cosine"),
    "digits-few-momentum-400": task(mlp(64, 64, act="gelu"), digits(16, 0.9), MOMENTUM, 400, "constant"),
    "friedman-few-adam-400": task(mlp(64, 64), friedman(16, held_out=0.95), opt("adam"), 400, "constant"),
    "digits-mlp-adagrad-400": task(mlp(64, 64), digits(32), opt("adagrad"), 400, "cosine"),
    "digits-accumulate-sgd-400": task(mlp(64, act="silu"), digits(16), opt("sgd", accumulate=2), 400, "cosine"),
    "friedman-big-batch-sgd-400": task(mlp(32, 32), friedman(256), SGD, 400, "one_cycle"),
    "friedman-relu-sgd-400": task(mlp(64), friedman(64), SGD, 400, "cosine"),
    "digits-gelu-sgd-400": task(mlp(64, act="gelu"), digits(128), SGD, 400, "linear", 20),
    "digits-momentum-clip-400": task(mlp(64, 64), digits(32), opt("sgd", momentum=0.9, clip_norm=0.05), 400, "cosine"),
    "friedman-nesterov-clip-400": task(
        mlp(64, 64, act="gelu"), friedman(64), NESTEROV | {"clip_norm": 0.03}, 400, "linear", 40
    ),
    "digits-silu-sgd-clip-300": task(mlp(64, 64, act="silu"), digits(64), opt("sgd", clip_norm=0.1), 300, "linear"),
    "digits-linear-sgd-clip-400": task(LINEAR, digits(128), opt("sgd", clip_norm=0.2), 400, "cosine"),
    "friedman-gelu-big-batch-sgd-300": task(mlp(64, act="gelu"), friedman(512), SGD, 300, "cosine"),
    "digits-tanh-big-batch-sgd-400": task(mlp(64, 64, act="tanh"), digits(256), SGD, 400, "one_cycle"),
    "digits-deep-nesterov-clip-300": task(mlp(*[32] * 5), digits(32), NESTEROV | {"clip_norm": 0.03}, 300, "cosine"),
    "digits-few-lion-400": task(mlp(128, 128), digits(16, 0.9), opt("lion"), 400, "constant"),
    "digits-norm-lamb-400": task(mlp(64, 64, norm="layer"), digits(32), opt("lamb"), 400, "cosine"),
    "digits-mlp-lars-400": task(mlp(64, 64), digits(64), opt("lars"), 400, "cosine"),
    "friedman-deep-adafactor-400": task(mlp(*[32] * 5), friedman(32), opt("adafactor"), 400, "cosine"),
    "digits-mlp-novograd-400": task(mlp(64, act="gelu"), digits(32), opt("novograd"), 400, "constant"),
    "digits-deep-muon-400": task(mlp(*[32] * 6), digits(32), opt("muon"), 400, "linear"),
    # convolutions, residual blocks, decoders, batch norm and dropout: 200 to 400 steps
    "digits-cnn-momentum-300": task(cnn(8, 16), digits(32), MOMENTUM, 300, "cosine"),
    "digits-cnn-batch-sgd-300": task(cnn(8, 16, norm="batch"), digits(32), SGD, 300, "cosine"),
    "digits-cnn-batch-adam-200": task(cnn(8, 16, norm="batch"), digits(64), opt("adam"), 200, "linear", 20),
    "digits-cnn-lion-300": task(cnn(8, 16), digits(32), opt("lion"), 300, "cosine"),
    "images-cnn-group-adam-300": task(cnn(8, 16, norm="group"), images(32), opt("adam"), 300, "cosine"),
    "images-cnn-layer-nesterov-300": task(cnn(8, 16, norm="layer"), images(32), NESTEROV, 300, "linear", 30),
    "digits-resnet-group-momentum-200": task(resnet(1, 1), digits(16), MOMENTUM, 200, "cosine"),
    "digits-resnet-batch-adamw-200": task(
        resnet(1, 1, norm="batch"), digits(16), opt("adamw", weight_decay=1e-2), 200, "cosine"
    ),
    "digits-resnet-none-sgd-200": task(resnet(1, 1, norm="none"), digits(16), SGD, 200, "constant"),
    "images-resnet-batch-momentum-200": task(resnet(1, 1, norm="batch"), images(16), MOMENTUM, 200, "one_cycle"),
    "digits-mlp-batch-sgd-300": task(mlp(64, 64, norm="batch"), digits(32), SGD, 300, "constant"),
    "digits-mlp-dropout-adam-400": task(mlp(64, 64, dropout=0.3), digits(32), opt("adam"), 400, "cosine"),
    "text-transformer-adam-300": task(transformer(), text(8), opt("adam"), 300, "constant"),
    "text-transformer-momentum-300": task(transformer(), text(8), MOMENTUM, 300, "cosine"),
    "text-transformer-muon-200": task(transformer(), text(8), opt("muon"), 200, "cosine"),
    "text-deep-transformer-adam-200": task(transformer(3, 16), text(8), opt("adam"), 200, "linear", 20),
    # 1000 steps
    "digits-linear-sgd-1000": task(LINEAR, digits(8), SGD, 1000, "constant"),
    "friedman-tanh-sgd-1000": task(mlp(32, act="tanh"), friedman(16), SGD, 1000, "cosine"),
    "digits-mlp-adamw-1000": task(mlp(64, 64), digits(32), opt("adamw", weight_decay=0.1), 1000, "cosine"),
    "digits-few-lion-1000": task(mlp(64), digits(16, 0.9), opt("lion"), 1000, "cosine"),
    "friedman-few-adam-1000": task(
        mlp(64, 64, act="gelu"), friedman(16, noise=2, held_out=0.95), opt("adam"), 1000, "constant"
    ),
    "digits-mlp-lion-1000": task(mlp(64, 64), digits(32), opt("lion", weight_decay=0.1), 1000, "one_cycle"),
    "friedman-mlp-lion-1000": task(mlp(32, 32, act="silu"), friedman(32), opt("lion"), 1000, "linear", 50),
    "digits-linear-adafactor-1000": task(LINEAR, digits(32), opt("adafactor"), 1000, "linear"),
    "friedman-noisy-momentum-1000": task(mlp(32, 32), friedman(16, noise=3), MOMENTUM, 1000, "constant"),
    "digits-mlp-rmsprop-1000": task(mlp(64), digits(32), opt("rmsprop"), 1000, "linear", 100),
    "digits-linear-adagrad-1000": task(LINEAR, digits(16), opt("adagrad"), 1000, "constant"),
    "friedman-deep-lion-1000": task(mlp(*[16] * 7), friedman(16), opt("lion"), 1000, "constant"),
    "friedman-few-momentum-1000": task(mlp(64, 64), friedman(16, noise=3, held_out=0.95), MOMENTUM, 1000, "constant"),
    "digits-mlp-lamb-1000": task(mlp(64), digits(16), opt("lamb"), 1000, "constant"),
    "friedman-mlp-lamb-1000": task(mlp(32, 32), friedman(16), opt("lamb"), 1000, "cosine"),
    "friedman-mlp-adafactor-1000": task(mlp(32, 32, act="silu"), friedman(32), opt("adafactor"), 1000, "constant"),
    "digits-norm-adafactor-1000": task(mlp(32, norm="layer"), digits(16), opt("adafactor"), 1000, "one_cycle"),
    "digits-tanh-adafactor-1000": task(mlp(64, act="tanh"), digits(32), opt("adafactor"), 1000, "cosine"),
    "friedman-few-muon-1000": task(mlp(32), friedman(16, held_out=0.95), opt("muon"), 1000, "constant"),
    # 2000 steps
    "digits-mlp-lion-2000": task(mlp(64), digits(16), opt("lion"), 2000, "constant"),
    "friedman-small-nesterov-2000": task(mlp(32), friedman(16), NESTEROV, 2000, "cosine"),
    "friedman-small-adamw-2000": task(mlp(32), friedman(32), opt("adamw", weight_decay=1.0), 2000, "cosine"),
    "friedman-mlp-muon-2000": task(mlp(32, 32), friedman(16), opt("muon"), 2000, "cosine"),
    "digits-few-adamw-2000": task(
        mlp(32), digits(16, 0.9), opt("adamw", weight_decay=1e-2, clip_norm=1.0), 2000, "constant"
    ),
    # 4000 steps
    "friedman-small-lion-4000": task(mlp(32, act="gelu"), friedman(8), opt("lion"), 4000, "cosine"),
    "digits-linear-adam-4000": task(LINEAR, digits(8), opt("adam"), 4000, "cosine"),
    "friedman-tanh-sgd-4000": task(mlp(16, act="tanh"), friedman(8), SGD, 4000, "linear"),
}


def config(name: str, **sections: Mapping) -> Config:
    """A task as a config, with further sections laid over it."""
    found, problems = validate(TASKS[name] | sections)
    if found is None:
        raise ValueError(f"{name}: {problems}")
    return found


def half(name: str) -> Half:
    """Which half a task is in, decided by its name alone."""
    number = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
    return "tuned" if number % 2 else "reported"
