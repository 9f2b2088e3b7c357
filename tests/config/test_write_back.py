"""`--write` puts the rate in and changes not a byte more."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.cli.commands import sweep
from lrfind.config.json_schema import starter
from lrfind.config.load import load, read_text
from lrfind.config.write_back import short, with_rate
from lrfind.core.errors import ConfigError, InputError

REST = "model: {name: linear}\ndata: {name: digits}\n"

CASES = {
    "optimizer: {name: sgd, learning_rate: 1e-3}\n": "optimizer: {name: sgd, learning_rate: 0.0012}\n",
    "optimizer: {learning_rate: 1e-3 , name: sgd}": "optimizer: {learning_rate: 0.0012 , name: sgd}",
    "optimizer: {name: sgd}\n": "optimizer: {name: sgd, learning_rate: 0.0012}\n",
    "optimizer: {name: sgd, momentum: 0.9}  # why\n": (
        "optimizer: {name: sgd, learning_rate: 0.0012, momentum: 0.9}  # why\n"
    ),
    'optimizer: {"name": "sgd"}\n': 'optimizer: {"name": "sgd", "learning_rate": 0.0012}\n',
    "optimizer:\n    name: sgd  # plain\n    momentum: 0.90\n": (
        "optimizer:\n    name: sgd  # plain\n    learning_rate: 0.0012\n    momentum: 0.90\n"
    ),
    "optimizer:\n  name: sgd": "optimizer:\n  name: sgd\n  learning_rate: 0.0012",
    "optimizer:\n  # the rate\n  learning_rate: 0.10   # tuned by hand\n  name: 'sgd'\n\n# end\n": (
        "optimizer:\n  # the rate\n  learning_rate: 0.0012   # tuned by hand\n  name: 'sgd'\n\n# end\n"
    ),
    "optimizer:\n  learning_rate:\n  name: sgd\n": "optimizer:\n  learning_rate: 0.0012\n  name: sgd\n",
    "optimizer:\n  learning_rate: # to be found\n  name: sgd\n": (
        "optimizer:\n  learning_rate: 0.0012 # to be found\n  name: sgd\n"
    ),
    "optimizer: {learning_rate: , name: sgd}\n": "optimizer: {learning_rate: 0.0012 , name: sgd}\n",
    "optimizer: {learning_rate: ~, name: sgd}\n": "optimizer: {learning_rate: 0.0012, name: sgd}\n",
    "optimizer: &o\n  name: sgd\n": "optimizer: &o\n  name: sgd\n  learning_rate: 0.0012\n",
    "optimizer: {name: sgd, learning_rate: &lr 1e-3}\n": "optimizer: {name: sgd, learning_rate: &lr 0.0012}\n",
    "seed: &s 0\noptimizer: {name: sgd, momentum: *s }\n": (
        "seed: &s 0\noptimizer: {name: sgd, learning_rate: 0.0012, momentum: *s }\n"
    ),
    "sweep: {max_lr: &lr 1}\noptimizer: {name: sgd, learning_rate: *lr }\n": (
        "sweep: {max_lr: &lr 1}\noptimizer: {name: sgd, learning_rate: 0.0012 }\n"
    ),
}  # fmt: skip


def write_rate(path: Path, rate: float) -> None:
    sweep.write_rate(path, rate, read_text(path), str(path))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("text", CASES)
def test_only_the_rate_changes(text: str, newline: str, tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_bytes((REST + text).replace("\n", newline).encode())
    write_rate(path, 0.00120012)
    assert path.read_bytes().decode() == (REST + CASES[text]).replace("\n", newline)
    assert load(path).config.optimizer.learning_rate == 0.0012
    assert os.listdir(tmp_path) == ["run.yaml"]


def test_the_starter_config_keeps_its_comments(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(starter())
    write_rate(path, 3.2e-5)
    assert path.read_text() == starter().replace("learning_rate: 0.001 ", "learning_rate: 3.2e-05 ")


def test_a_rate_that_others_refer_to_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    text = REST + "optimizer: {name: sgd, learning_rate: &lr 1}\nsweep: {max_lr: *lr }\n"
    path.write_text(text)
    with pytest.raises(InputError, match=r"set learning_rate: 0\.01 yourself") as caught:
        write_rate(path, 0.01)
    assert caught.value.key == "optimizer.learning_rate"
    assert path.read_text() == text


def test_mode_links_and_byte_order_mark_stay(tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    real.write_bytes(b"\xef\xbb\xbf" + (REST + "optimizer: {name: sgd}\n").encode())
    real.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(real)
    write_rate(link, 2)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert real.read_bytes() == b"\xef\xbb\xbf" + (REST + "optimizer: {name: sgd, learning_rate: 2}\n").encode()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may write everything")
def test_what_may_not_be_written_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(REST + "optimizer: {name: sgd}\n")
    path.chmod(0o444)
    with pytest.raises(InputError, match=r"run\.yaml cannot be written: Permission denied"):
        write_rate(path, 0.1)


def test_a_failed_write_leaves_the_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(REST + "optimizer: {name: sgd}\n")

    def full(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(InputError, match="No space left"):
        write_rate(path, 0.1)
    assert path.read_text() == REST + "optimizer: {name: sgd}\n"
    assert os.listdir(tmp_path) == ["run.yaml"]
    with pytest.raises(ConfigError, match="no such file"):
        write_rate(tmp_path / "other.yaml", 0.1)


@pytest.mark.parametrize("text", ["", "- 1", "optimizer: sgd", "optimizer: {}", "a: [", "x: {optimizer: {name: sgd}}"])
def test_what_is_no_config_is_not_changed(text: str) -> None:
    assert with_rate(text, "0.1") is None


@pytest.mark.parametrize(
    ("rate", "text"),
    [(0.0012345, "0.00123"), (3.2e-5, "3.2e-05"), (1e-7, "1e-07"), (10, "10"), (1234.5, "1230"), (0.3, "0.3")],
)
def test_rates_are_written_short(rate: float, text: str) -> None:
    assert short(rate) == text


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_no_rate_is_not_written(rate: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        short(rate)


@given(st.floats(1e-12, 1e6))
def test_any_rate_reads_back_to_three_digits(rate: float) -> None:
    changed = with_rate(REST + "optimizer: {name: sgd}\n", short(rate))
    assert changed is not None
    written = load("-", stdin_text=changed).config.optimizer.learning_rate
    assert written is not None
    assert abs(written / rate - 1) <= 0.0051
