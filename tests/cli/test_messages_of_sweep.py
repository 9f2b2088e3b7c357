"""What is refused, with which sentence, and that nothing was measured for it: one table, read like documentation."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import CONFIG, Lrfind

# Arguments behind `lrfind sweep`, and what is said behind "lrfind: error: ".
REFUSED = {
    "c.yaml --steps 5": "--steps: must be a whole number from 10 to 100,000; got 5 "
    "(fewer make no curve to read, more are a training)",
    "c.yaml --seeds 0": "--seeds: must be a whole number from 1 to 64; got 0 "
    "(more cost time and narrow the interval no further)",
    "c.yaml --min-lr -1": "--min-lr: must be a number above 0; got -1.0",
    "c.yaml --max-lr 1e-9": "--max-lr: must be above min_lr, 1e-07; got 1e-09",
    "c.yaml --method steep": "--method: must be one of steepest, valley, minimum, slide; got 'steep' "
    "(did you mean 'steepest'?)",
    "c.yaml --seed -3": "--seed: must be a whole number of at least 0; got -3",
    "c.yaml --set foo": "--set: must be key.path=value, such as train.steps=2000; got 'foo'",
    "c.yaml --set model.hiden=3": "--set: model.hiden: unknown key (did you mean 'hidden'?); "
    "'mlp' has hidden, activation, norm, dropout",
    "c.yaml --plot p.gif": "--plot p.gif: the name must end in .png, .svg or .pdf",
    "c.yaml --plot gone/p.png": "--plot gone/p.png: there is no folder gone",
    "c.yaml --plot p.png --no-plot": "--plot p.png and --no-plot contradict each other; leave one out",
    "c.yaml --output gone/o.txt": "--output gone/o.txt: there is no folder gone",
    "c.yaml --output .": "--output .: is a folder; name a file in it",
    "c.yaml --output ./c.yaml": "--output c.yaml: would overwrite the config",
    "- -": "standard input holds one config; - was given twice",
    "- --write": "--write has no file to write to where the config comes from standard input",
    "-": "stdin: is empty; `lrfind init` writes a config to start from",
    "cc.yaml": "cc.yaml: there is no such file (did you mean 'c.yaml'?)",
    ".": ".: is a folder; give the config file in it, such as bad.yaml",
    "bad.yaml": "bad.yaml:1:9: model.name: must be one of cnn, linear, mlp, resnet, transformer; got 'mlpp' "
    "(did you mean 'mlp'?)",
    "gone.yaml": "gone.yaml:3:19: data.path: there is no file {here}/gone.npz",
    "rows.yaml": "rows.yaml:3:1: data.targets: inputs has 8 rows and targets has 7; they must agree",
    "c.yaml --set data.batch_size=4000": "--set: data.batch_size: a batch of 4000 needs as many rows to train on, "
    "and there are 1438 (1797 less 359 held out); use a batch_size of 1438 or less",
}


@pytest.fixture
def bad(folder: Path) -> None:
    Path("bad.yaml").write_text(CONFIG.replace("mlp", "mlpp"), encoding="utf-8")
    rest = "model: {name: linear}\noptimizer: {name: sgd}\n"
    Path("gone.yaml").write_text(rest + "data: {name: npz, path: gone.npz}\n", encoding="utf-8")
    Path("rows.yaml").write_text(rest + "data:\n  name: npz\n  path: rows.npz\n", encoding="utf-8")
    np.savez("rows.npz", x=np.zeros((8, 2)), y=np.arange(7) % 2)


@pytest.mark.usefixtures("bad")
@pytest.mark.parametrize("arguments", REFUSED)
def test_refused(lrfind: Lrfind, arguments: str) -> None:
    ran = lrfind("sweep", *arguments.split(), stdin="")
    said = REFUSED[arguments].replace("{here}", str(Path.cwd()))
    assert (ran.code, ran.out, ran.err) == (2, "", f"lrfind: error: {said}\n")
    assert not Path("lrfind-runs").exists()


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device of POSIX")
@pytest.mark.usefixtures("folder")
def test_no_more_is_read_of_standard_input_than_a_config_has() -> None:
    for mode, said in {
        "rb": "is larger than 1,000,000 bytes; a config is a few lines",
        "wb": "cannot be read: Bad file descriptor",
    }.items():
        with open("/dev/zero", mode) as given:
            command = [sys.executable, "-m", "lrfind", "sweep", "-"]
            ran = subprocess.run(command, stdin=given, capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stderr) == (2, f"lrfind: error: stdin: {said}\n")


def test_a_key_of_two_lines_is_one_line_of_the_message(lrfind: Lrfind) -> None:
    said = lrfind("sweep", "-", stdin=CONFIG + '"a\\n::error::b": 1\n').err
    assert "lrfind: error: stdin:6:1: a\\n::error::b: unknown key" in said
    assert said.count("\n") == 1


def test_all_problems_come_in_one_go(lrfind: Lrfind) -> None:
    Path("two.yaml").write_text(CONFIG.replace("adam", "adm").replace("20", "2"), encoding="utf-8")
    errors = lrfind("sweep", "two.yaml", "--seed", "-1").err.splitlines()
    assert [line.split(": ")[2:4] for line in errors] == [
        ["two.yaml:3:13", "optimizer.name"],
        ["two.yaml:4:9", "sweep.steps"],
        ["--seed", "must be a whole number of at least 0; got -1"],
    ]


@pytest.mark.usefixtures("bad")
def test_debug_shows_the_traceback(lrfind: Lrfind) -> None:
    assert "Traceback" not in lrfind("sweep", "gone.yaml").err
    assert "Traceback (most recent call last)" in lrfind("sweep", "gone.yaml", "--debug").err


@pytest.mark.parametrize("option", ["--steps x", "--effort fast", "--format yaml", "--device abacus", "--sede 1"])
def test_usage(lrfind: Lrfind, option: str) -> None:
    ran = lrfind("sweep", "c.yaml", *option.split())
    assert ran.code == 2
    assert option.split()[0] in ran.err
    assert "Traceback" not in ran.err


def test_unknown_option_and_command_get_near_names(lrfind: Lrfind) -> None:
    assert re.search(r"--sede.*--seed", lrfind("sweep", "c.yaml", "--sede", "1").err)
    assert "Did you mean 'sweep'?" in lrfind("swep").err


def test_no_such_device(lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "c.yaml", "--device", "tpu")
    assert ran.code == 2
    assert ran.err == "lrfind: error: JAX finds no tpu here; install jax's extra for it, or use --device cpu\n"


def test_bytes_that_are_no_text_on_standard_input(lrfind: Lrfind) -> None:
    assert lrfind("sweep", "-", stdin=b"a: \xff").err == "lrfind: error: stdin:1:4: is not UTF-8 text: byte 0xff\n"
