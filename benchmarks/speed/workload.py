"""A workload: a config for lrfind, and the same numbers and data as arguments for the other contenders."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).parent / "workloads"

TIMED = {"mlp": (200, 20_200), "cnn": (10, 60), "transformer": (20, 120)}
"""Steps of two sweeps of a kind of network: far enough apart to be timed, and no longer than one waits for."""


@dataclass(frozen=True)
class Workload:
    """One config and the file with its training rows.

    Attributes:
        name: the config's name without its ending.
        config: path of the config.
        values: what the config says.
        data: the `.npz` file for contenders other than lrfind.
    """

    name: str
    config: Path
    values: dict[str, Any]
    data: Path

    @property
    def title(self) -> str:
        """One line that says what is trained."""
        model, data, optimizer = (self.values[key] for key in ("model", "data", "optimizer"))
        match model["name"]:
            case "transformer":
                size = f"{model['layers']} x {model['width']}, {model['context']} tokens"
            case name:
                size = "-".join(str(width) for width in model["channels" if name == "cnn" else "hidden"])
        momentum = " with momentum" if "momentum" in optimizer else ""
        network = f"{data['name']}, {model['name']} {size}"
        return f"{self.name}: {network}, {optimizer['name']}{momentum}, batch {data['batch_size']}"

    @property
    def timed(self) -> tuple[int, int]:
        """Steps of the short and of the long sweep that a step is timed by."""
        return TIMED[self.values["model"]["name"]]

    def arguments(self, *, steps: int | None = None, max_lr: float | None = None) -> list[str]:
        """Command line of `handwritten.py` and, with `--out` added, of the peers' scripts."""
        sweep = self.values["sweep"]
        arguments = ["--data", str(self.data)]
        arguments += [word for key in ("model", "optimizer") for word in (f"--{key}", json.dumps(self.values[key]))]
        arguments += ["--batch-size", str(self.values["data"]["batch_size"])]
        arguments += ["--min-lr", str(sweep["min_lr"]), "--max-lr", str(max_lr or sweep["max_lr"])]
        return [*arguments, "--steps", str(steps or sweep["steps"])]


def names() -> list[str]:
    """The workloads there are."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(name: str, folder: Path) -> Workload:
    """Read a workload and write its data file into `folder`."""
    config = FOLDER / f"{name}.yaml"
    values = YAML(typ="safe").load(config)
    return Workload(name, config, values, folder / f"{name}.npz")
