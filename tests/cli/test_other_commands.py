"""`init`, `list`, `schema`, `--version`, `--help`."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from lrfind import __version__
from lrfind.cli.app import Kind
from tests.cli.conftest import Lrfind

COMMANDS = ("sweep", "check", "init", "list", "schema", "explain")


def test_init_writes_a_config_that_runs(lrfind: Lrfind) -> None:
    ran = lrfind("init")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "wrote config.yaml; now run: lrfind sweep config.yaml\n"
    small = ("--steps", "20", "--seeds", "1", "--no-plot", "--set", "model.hidden=[8]", "--set", "confirm.budget=700")
    assert lrfind("sweep", "config.yaml", *small).code == 0


def test_init_overwrites_only_by_force(lrfind: Lrfind) -> None:
    before = Path("c.yaml").read_text(encoding="utf-8")
    ran = lrfind("init", "c.yaml")
    assert ran.code == 2
    assert ran.err == "lrfind: error: c.yaml exists; choose another name, or overwrite it with --force\n"
    assert Path("c.yaml").read_text(encoding="utf-8") == before
    assert lrfind("init", "c.yaml", "--force").code == 0
    assert Path("c.yaml").read_text(encoding="utf-8") == lrfind("init", "-").out


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (".", ". is a folder; name a file in it, such as config.yaml"),
        ("gone/c.yaml", "gone/c.yaml cannot be written: No such file or directory"),
    ],
)
def test_init_where_it_cannot(lrfind: Lrfind, path: str, said: str) -> None:
    ran = lrfind("init", path)
    assert (ran.code, ran.err) == (2, f"lrfind: error: {said}\n")


@pytest.mark.parametrize("kind", list(Kind))
def test_list(lrfind: Lrfind, kind: Kind) -> None:
    ran = lrfind("list", kind)
    assert ran.out.startswith(f"{kind}\n")
    assert max(map(len, ran.out.splitlines())) <= 80
    found = json.loads(lrfind("list", kind, "--json").out)
    assert list(found) == [kind]
    for name, entry in found[kind].items():
        assert f"  {name}: " in ran.out
        assert entry["summary"]
        assert all(option["name"] in ran.out for option in entry["options"])


def test_list_everything(lrfind: Lrfind) -> None:
    assert list(json.loads(lrfind("list", "--json").out)) == [str(kind) for kind in Kind]
    listed = " ".join(lrfind("list", "data").out.split())
    assert "path, inputs=" in listed, "what is needed has no default"


def test_schema_is_a_schema(lrfind: Lrfind) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(lrfind("schema").out))


def test_version(lrfind: Lrfind) -> None:
    assert lrfind("--version").out == f"lrfind {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(lrfind: Lrfind, command: str, option: str) -> None:
    ran = lrfind(command, option)
    assert (ran.code, ran.err) == (0, "")
    assert f"lrfind {command}" in ran.out or f"root {command}" in ran.out


def test_nothing_asked(lrfind: Lrfind) -> None:
    ran = lrfind()
    assert ran.code == 2
    assert all(command in ran.out + ran.err for command in COMMANDS)
