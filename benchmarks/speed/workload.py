"""A workload: a config for lrfind, and the same numbers and data as arguments for the other contenders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).parent / "workloads"


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
        hidden = "-".join(str(width) for width in model["hidden"])
        return f"{self.name}: {data['name']}, {model['name']} {hidden}, {optimizer['name']}, batch {data['batch_size']}"

    def arguments(self, *, steps: int | None = None, max_lr: float | None = None) -> list[str]:
        """Command line of `handwritten.py` and, with `--out` added, of the peers' scripts."""
        sweep = self.values["sweep"]
        hidden = [str(width) for width in self.values["model"]["hidden"]]
        arguments = ["--data", str(self.data), "--hidden", *hidden]
        arguments += ["--optimizer", self.values["optimizer"]["name"]]
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
