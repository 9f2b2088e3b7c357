"""The `data` section: what each kind asks for, and the sentences of what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lrfind.config.load import load
from lrfind.config.schema import Config
from lrfind.config.sections.data import CsvData
from lrfind.core.errors import ConfigError
from lrfind.core.registry import DATA

REST = "model: {name: linear}\noptimizer: {name: sgd}\n"
NEEDED = {name: {"path": "d"} for name in ("npz", "csv", "parquet")}

WRONG = {
    "{name: csv}": "data.path: missing: the file, relative to the config (of --set: to the working directory)",
    "{name: csv, path: d.csv, inputs: age}": "data.inputs: must be a list of text that is not empty; got 'age' "
    "(write [age])",
    "{name: csv, path: d.csv, inputs: [1]}": "data.inputs.0: must be text that is not empty; got 1 (put it in quotes)",
    "{name: csv, path: d.csv, inputs: ['']}": "data.inputs.0: must be text that is not empty; got ''",
    "{name: csv, path: d.csv, standardise: true}": "data.standardise: unknown key (did you mean 'standardize'?); "
    "'csv' has batch_size, validation_fraction, standardize, path, inputs, targets",
    "{name: npy, path: d.npy}": "data.path: unknown key here: path belongs in data (of csv, npz, parquet, text); "
    "'npy' has batch_size, validation_fraction, standardize, inputs, targets",
    "{name: text, standardize: true}": "data.standardize: unknown key here: standardize belongs in data (of "
    "classification, csv, digits, friedman, images, npy, npz, parquet, quadratic, target); 'text' has batch_size, "
    "validation_fraction, path, context",
    "{name: text, context: 0}": "data.context: must be a whole number from 1 to 1,000,000; got 0",
    "{name: digits, standardize: 1}": "data.standardize: must be true or false; got 1 (write true)",
    "{name: classification, rows: 20, classes: 30}": "data.classes: must be at most the rows, 20; got 30",
    "{name: images, rows: 16, classes: 17}": "data.classes: must be at most the rows, 16; got 17",
    "{name: quadratic, rows: 8, features: 8}": "data.features: must be fewer than the rows, 8; got 8",
    "{name: quadratic, rows: 8}": "data.rows: must be more than the features, 10 by default; got 8",
    "{name: quadratic, condition: 0.5}": "data.condition: must be a number from 1 to 100,000; got 0.5",
    "{name: clasification}": "data.name: must be one of classification, csv, digits, friedman, images, npy, npz, "
    "parquet, quadratic, text; got 'clasification' (did you mean 'classification'?)",
}


def data_of(section: str, *settings: str) -> dict[str, Any]:
    loaded = load("-", settings, stdin_text=f"{REST}data: {section}")
    return loaded.config.data.model_dump()


@pytest.mark.parametrize("section", WRONG)
def test_what_is_wrong(section: str) -> None:
    with pytest.raises(ConfigError) as caught:
        data_of(section)
    (problem,) = caught.value.problems
    assert f"{problem.key}: {problem.message}" == WRONG[section]


@pytest.mark.parametrize("name", DATA)
def test_a_section_of_its_needed_keys_alone(name: str) -> None:
    base = {"model": {"name": "linear"}, "optimizer": {"name": "sgd"}}
    section = Config.model_validate({**base, "data": {"name": name, **NEEDED.get(name, {})}}).data
    assert section.name == name
    assert name == "text" or section.standardize is False
    assert section.validation_fraction == {"quadratic": 0, "text": 0.1}.get(name, 0.2)
    assert section.title == {"npy": "x.npy", "npz": "d", "csv": "d", "parquet": "d"}.get(name, name)


def test_columns() -> None:
    assert data_of("{name: csv, path: d.csv, inputs: [a, b]}")["inputs"] == ("a", "b")
    assert CsvData(name="csv", path="d.csv").inputs == ()


def test_array_files_are_relative_to_the_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "configs").mkdir()
    monkeypatch.chdir(tmp_path)
    path = Path("configs/run.yaml")

    def files(section: str, *settings: str) -> list[str]:
        path.write_text(f"{REST}data: {section}", encoding="utf-8")
        data = load(path, settings).config.data.model_dump()
        return [str(Path(data[key]).relative_to(tmp_path)) for key in ("inputs", "targets")]

    assert files("{name: npy, inputs: a.npy, targets: sub/b.npy}") == ["configs/a.npy", "configs/sub/b.npy"]
    assert files("{name: npy}") == ["configs/x.npy", "configs/y.npy"]
    assert files("{name: npy}", "data.inputs=a.npy") == ["a.npy", "configs/y.npy"]
    csv = load("-", stdin_text=f"{REST}data: {{name: csv, path: d.csv, inputs: [a], targets: b}}").config.data
    assert csv.model_dump()["targets"] == ("b",)


@pytest.mark.parametrize("section", ["{name: npy, inputs: 5}", "{name: npy, inputs: [a.npy]}", "{name: npy, inputs: }"])
def test_what_is_no_file_name(section: str) -> None:
    with pytest.raises(ConfigError) as caught:
        data_of(section)
    assert caught.value.problems[0].key == "data.inputs"
