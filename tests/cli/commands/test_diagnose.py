"""`lrfind diagnose`: logs in, findings out."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import junitparser
import numpy as np
import pytest

from lrfind.cli.commands.explain import page
from lrfind.core.registry import FINDINGS
from tests.cli.conftest import Lrfind

SCHEMA = {
    "type": "object",
    "required": ["schema", "source", "unit", "steps", "entries", "findings"],
    "properties": {
        "schema": {"const": "lrfind/diagnosis/1"},
        "findings": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["id", "severity", "what", "why", "advice", "steps", "values"],
                "additionalProperties": False,
                "properties": {
                    "id": {"enum": list(FINDINGS)},
                    "severity": {"enum": ["error", "warning", "info"]},
                    **{name: {"type": "string", "minLength": 5} for name in ("what", "why", "advice")},
                    "steps": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
                    "values": {"type": "object"},
                },
            },
        },
    },
}


@pytest.fixture
def slow(folder: Path) -> Path:
    """A log that was still falling."""
    steps = np.arange(400)
    rows = [f"{step},{loss},1e-3" for step, loss in zip(steps, 0.2 + 2 * np.exp(-steps / 500), strict=True)]
    path = folder / "slow.csv"
    path.write_text("\n".join(["step,loss,lr", *rows]), encoding="utf-8")
    return path


def test_findings_as_text(lrfind: Lrfind, slow: Path) -> None:
    ran = lrfind("diagnose", "slow.csv")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("too-slow (warning)\n  seen  the loss falls smoothly")
    assert "(from 1.0e-03 to 1.0e-02)" in " ".join(ran.out.split())
    assert ran.out.endswith("more on it: lrfind explain too-slow\n")
    assert max(map(len, ran.out.splitlines())) <= 80


def test_json_keeps_its_schema(lrfind: Lrfind, slow: Path) -> None:
    found = json.loads(lrfind("diagnose", "slow.csv", "--json").out)
    jsonschema.validate(found, SCHEMA)
    assert found["entries"] == {"loss": 400, "lr": 400}
    assert found["findings"][0]["values"]["missed"] > 0.06


def test_markdown_to_a_file(lrfind: Lrfind, slow: Path) -> None:
    ran = lrfind("diagnose", "slow.csv", "--format", "markdown", "--output", "found.md")
    assert ran.out == ""
    assert "| **too-slow** (warning) |" in Path("found.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("wanted", "code"), [("too-slow", 1), ("overfitting", 0)])
def test_fail_on(lrfind: Lrfind, slow: Path, wanted: str, code: int) -> None:
    assert lrfind("diagnose", "slow.csv", "--fail-on", wanted).code == code


def test_forms_for_ci(lrfind: Lrfind, slow: Path) -> None:
    note = lrfind("diagnose", "slow.csv", "--format", "github")
    assert note.out.startswith(
        "::warning file=slow.csv,line=1,title=lrfind too-slow::slow.csv: the loss falls smoothly"
    )
    ran = lrfind("diagnose", "slow.csv", "--format", "junit", "--fail-on", "too-slow")
    assert ran.code == 1
    assert junitparser.JUnitXml.fromstring(ran.out.encode()).failures == 1
    ran = lrfind("diagnose", "-", "--format", "github", stdin="step,loss\n1,2\n")
    assert ran.code == 2
    assert ran.out.startswith("::error title=lrfind::stdin has 1 loss")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("slow.csv", "--output", "slow.csv"), "--output slow.csv: would overwrite the log"),
        (("nothing.csv",), "nothing.csv: there is no such file"),
        ((".",), ". is a folder; name a log in it, such as metrics.csv"),
        (
            ("slow.csv", "--fail-on", "to-slow"),
            "--fail-on to-slow: there is no such finding (did you mean 'too-slow'?)",
        ),
        (("slow.csv", "--lr-column", "rate"), "--lr-column rate: there is no such column"),
        (("slow.csv", "--output", "no/where"), "--output no/where: there is no folder no"),
        (("binary.csv",), "binary.csv:1: is not text in UTF-8"),
    ],
)
def test_wrong_input_is_exit_2(lrfind: Lrfind, slow: Path, arguments: tuple[str, ...], message: str) -> None:
    Path("binary.csv").write_bytes(b"\x93\xff\x00")
    ran = lrfind("diagnose", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


@pytest.mark.parametrize("name", FINDINGS)
def test_every_finding_has_a_page(name: str) -> None:
    text = page(name)
    assert text.startswith(f"# {name}\n\n*Finding of `lrfind train` and `lrfind diagnose`.*\n")
    for part in ("What is seen", "Why it matters", "What to do", "Telling it from its neighbours"):
        assert f"## {part}\n" in text


def test_findings_as_a_page(lrfind: Lrfind) -> None:
    Path("log.csv").write_text("step,loss\n" + "".join(f"{i},{2 + 0.01 * (i % 3)}\n" for i in range(100)))
    page = lrfind("diagnose", "log.csv", "--format", "html").out
    assert '<th scope="row">not-learning</th>' in page
    assert "<h2>log.csv</h2>" in page
