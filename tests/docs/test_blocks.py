"""Every block of Python, bash and YAML in README, CONTRIBUTING and docs is run; `not_run.toml` has the exceptions."""

from __future__ import annotations

import glob
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from lrfind.cli.app import app
from lrfind.config.load import load
from tests.docs.blocks import (
    FILES,
    LANGUAGES,
    Block,
    blocks,
    exceptions,
    merged,
    pages,
    programs_of,
    steps,
)

RUN = [page for page in pages() if any(block.page == page and block.language != "text" for block in blocks())]
RECIPES = {
    ".github/workflows/learning-rates.yml": {"name", "on", "env", "jobs"},
    ".gitlab-ci.yml": {"lrfind"},
    ".pre-commit-config.yaml": {"repos"},
}
"""Files of other programs that a page shows, and their keys. tests/test_ci.py runs through the commands in them."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of a page: the files of ``tests/docs/files``, and data of 600 rows."""
    shutil.copytree(FILES, tmp_path, dirs_exist_ok=True)
    x = np.random.default_rng(0).normal(size=(600, 8)).astype(np.float32)
    np.savez(tmp_path / "mine.npz", x=x, y=np.tanh(x.sum(axis=1)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LRFIND_CACHE_DIR", os.environ["JAX_COMPILATION_CACHE_DIR"])
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.setattr("lrfind.report.background.Background.start", lambda background: None)
    return tmp_path


def call(step: str, origin: Block) -> None:
    """Run a command as a shell does; it must end with exit code 0.

    `lrfind` alone runs in this process, for JAX starts slowly; what needs a shell gets one.
    """
    name, *arguments = shlex.split(step, comments=True)
    if name == "lrfind" and not set("|&;<>$`") & set("".join(arguments)):
        expanded = [path for argument in arguments for path in (sorted(glob.glob(argument)) or [argument])]
        in_process = CliRunner().invoke(app, expanded, catch_exceptions=False)
        code, output = in_process.exit_code, in_process.output
    else:
        ended = subprocess.run(
            ["bash", "-o", "pipefail", "-c", step], capture_output=True, encoding="utf-8", timeout=300, check=False
        )
        code, output = ended.returncode, ended.stdout + ended.stderr
    assert code == 0, f"{origin}: {step}: exit {code}\n{output}"


@pytest.mark.docs
@pytest.mark.parametrize("page", RUN)
def test_blocks_of_a_page_run_in_order(page: str, folder: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "page"}
    for block in (block for block in blocks() if block.page == page):
        if block.file and block.language == "python":
            (folder / block.file).write_text(block.text, encoding="utf-8")
        if block.language == "python":
            exec(compile("\n" * (block.line - 1) + block.text, page, "exec"), namespace)
        elif block.is_config:
            (folder / "config.yaml").write_text(merged(block.text), encoding="utf-8")
            if "target:" not in block.text:
                call("lrfind sweep config.yaml --dry-run", block)
        elif block.language == "bash":
            for step in steps(block.text):
                lacking = [name for name in programs_of(step) & exceptions().programs.keys() if not shutil.which(name)]
                if (page, step) not in exceptions().steps and not lacking:
                    call(step, block)


@pytest.mark.parametrize("block", [block for block in blocks() if block.language == "yaml"], ids=str)
def test_yaml_is_a_config_or_a_recipe(block: Block, tmp_path: Path) -> None:
    if block.is_config:
        (tmp_path / "config.yaml").write_text(merged(block.text), encoding="utf-8")
        sections = YAML(typ="safe").load(block.text)
        assert load(tmp_path / "config.yaml").config.model_fields_set >= sections.keys()
    else:
        assert set(YAML(typ="safe").load(block.text)) == RECIPES[block.file]


def test_every_block_says_what_it_is() -> None:
    assert [f"{block}: {block.language!r}" for block in blocks() if block.language not in LANGUAGES] == []


def test_exceptions_are_in_the_pages_and_have_a_reason() -> None:
    written = {(block.page, step) for block in blocks() if block.language == "bash" for step in steps(block.text)}
    listed = exceptions()
    assert listed.steps.keys() - written == set()
    assert listed.programs.keys() - {name for _, step in written for name in programs_of(step)} == set()
    assert [key for key, reason in (listed.steps | listed.programs).items() if len(reason) < 10] == []


@pytest.mark.parametrize("step", ["lrfind sweep nowhere.yaml", "lrfind sweep nowhere.yaml | cat  # hides nothing"])
def test_a_step_that_fails_is_seen(step: str, folder: Path) -> None:
    with pytest.raises(AssertionError, match=r"page\.md:7: lrfind sweep nowhere\.yaml.*exit 2"):
        call(step, Block("page.md", 7, "bash", step))
