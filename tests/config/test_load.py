"""The way from a file to a config: places, overrides, paths, and every way the file itself can be wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lrfind.config.load import MAX_BYTES, Loaded, load
from lrfind.core.errors import ConfigError, InputError, Problem

GOOD = """\
model: {name: mlp, hidden: [32, 16]}
data:
  name: digits
  batch_size: 32
optimizer: {name: adam, learning_rate: 1e-3}
train: {steps: 500, schedule: cosine}
"""


def from_text(text: str, *settings: str) -> Loaded:
    return load("-", settings, stdin_text=text)


def lines(text: str, *settings: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        from_text(text, *settings)
    return str(caught.value).splitlines()


def test_a_good_config() -> None:
    loaded = from_text(GOOD)
    assert loaded.name == loaded.where == "stdin"
    assert loaded.text == GOOD
    assert loaded.config.model.model_dump() == {
        "name": "mlp",
        "hidden": (32, 16),
        "activation": "relu",
        "norm": "none",
        "dropout": 0.0,
    }
    assert loaded.config.optimizer.learning_rate == 1e-3
    assert loaded.config.train.schedule.name == "cosine"
    assert loaded.config.sweep.seeds == 4


def test_positions_are_where_the_keys_stand() -> None:
    positions = from_text(GOOD).positions
    assert positions["model"] == (1, 1)
    assert positions["model.hidden"] == (1, 20)
    assert positions["model.hidden.1"] == (1, 33)
    assert positions["data.batch_size"] == (4, 3)
    assert positions["train.schedule"] == (6, 21)
    for key, (line, column) in positions.items():
        text = GOOD.splitlines()[line - 1][column - 1 :]
        assert key.endswith((".0", ".1", "schedule.name")) or text.startswith(key.rpartition(".")[2])


def test_a_later_error_gets_its_place() -> None:
    loaded = from_text(GOOD, "data.batch_size=8")
    assert loaded.locate(InputError("too wide", key="model.hidden")) == Problem(
        "too wide", "model.hidden", "stdin", 1, 20
    )
    assert loaded.locate(InputError("no", key="model.norm")) == Problem("no", "model.norm", "stdin", 1, 1)
    assert loaded.locate(InputError("no", key="sweep.seeds")) == Problem("no", "sweep.seeds", "stdin")
    assert loaded.locate(InputError("no", key="data.batch_size")) == Problem("no", "data.batch_size", "--set")
    assert loaded.locate(InputError("no")) == Problem("no", "", "stdin")


def test_overrides_win_in_order() -> None:
    loaded = from_text(GOOD, "train.steps=7", "train.steps=9", "sweep.extend=false", "model.hidden=[]", "loss=mse")
    assert loaded.config.train.steps == 9
    assert loaded.config.sweep.extend is False
    assert loaded.config.model.model_dump()["hidden"] == ()
    assert loaded.config.loss == "mse"
    assert "train.steps" not in loaded.positions
    assert "model.hidden.0" not in loaded.positions


def test_a_key_can_be_set_on_a_bare_schedule() -> None:
    schedule = from_text(GOOD, "train.schedule.warmup_steps=5").config.train.schedule
    assert schedule.keywords(500) == {"warmup_steps": 5, "end_factor": 0.0}
    assert from_text(GOOD, "train.schedule=linear").config.train.schedule.name == "linear"
    schedule = from_text(GOOD, "train.schedule=step", "train.schedule.warmup_steps=5").config.train.schedule
    assert (schedule.name, schedule.warmup_steps) == ("step", 5)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("foo", "--set: must be key.path=value, such as train.steps=2000; got 'foo'"),
        ("=3", "--set: must be key.path=value, such as train.steps=2000; got '=3'"),
        ("a..b=3", "--set: must be key.path=value, such as train.steps=2000; got 'a..b=3'"),
        (
            "train.stepz=3",
            "--set: train.stepz: unknown key (did you mean 'steps'?); known here: steps, epochs, schedule",
        ),
        ("train.steps=0", "--set: train.steps: must be a whole number of at least 1; got 0"),
        ("seed.x=1", "--set: seed.x: seed is 3 and has no keys; set seed as a whole"),
        (
            "model.hidden.0=1",
            "--set: model.hidden.0: model.hidden is a list and has no keys; set model.hidden as a whole",
        ),
        (
            "model.hidden=[1",
            "--set: model.hidden: not YAML: the list that starts here is not closed by a ']', "
            "or a ',' is missing in it",
        ),
        ("train={steps: 1, steps: 2}", "--set: train.steps: given twice; first on line 1"),
        ("optimizer=sgd", "--set: optimizer: must be a section of keys; got 'sgd' (write {name: sgd})"),
    ],
)  # fmt: skip
def test_bad_overrides(setting: str, message: str) -> None:
    assert lines("seed: 3\n" + GOOD, setting) == [message]


def test_a_section_that_a_setting_makes_is_its_own_fault() -> None:
    assert lines(GOOD, "seed.x=1") == ["--set: seed: must be a whole number of at least 0; got a section of keys"]
    said = lines(GOOD.replace(", schedule: cosine", ""), "train.schedule.warmup_steps=5")
    assert [line.partition(": missing")[0] for line in said] == ["--set: train.schedule.name"]
    assert lines(GOOD, f"seed={'9' * 5000}") == ["--set: seed: is a number of too many digits"]


def test_another_model_leaves_the_first_ones_keys_behind() -> None:
    assert lines(GOOD, "model.name=linear") == [
        "stdin:1:20: model.hidden: unknown key here: hidden belongs in model (of mlp); 'linear' has no keys of its own"
    ]


def test_paths_are_relative_to_the_file_or_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "configs"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    text = "model: {name: linear}\ndata: {name: npz, path: sub/../d.npz}\noptimizer: {name: sgd}\n"
    (folder / "run.yaml").write_text(text)

    def path_of(loaded: Loaded) -> str:
        return str(loaded.config.data.model_dump()["path"])

    assert path_of(load(folder / "run.yaml")) == str(folder / "d.npz")
    assert path_of(load("configs/run.yaml")) == str(folder / "d.npz")
    assert path_of(load("configs/run.yaml", ["data.path=d.npz"])) == str(tmp_path / "d.npz")
    assert path_of(from_text(text)) == str(tmp_path / "d.npz")
    assert path_of(load("configs/run.yaml", ["data.path=/a/d.npz"])) == "/a/d.npz"
    assert path_of(load("configs/run.yaml", ["data.path=~/d.npz"])) == "/home/me/d.npz"
    assert load("configs/run.yaml").name == "run"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(GOOD)
    (tmp_path / "latin.yaml").write_bytes("seed: 0\n# caf\xe9".encode("latin-1"))
    (tmp_path / "wide.yaml").write_bytes(GOOD.encode("utf-16"))
    (tmp_path / "huge.yaml").write_text("# " + "x" * MAX_BYTES)
    for name, message in {
        "rum.yaml": ": there is no such file (did you mean 'run.yaml'?)",
        "": ": is a folder; give the config file in it, such as huge.yaml",
        "latin.yaml": ":2:6: is not UTF-8 text: byte 0xe9",
        "wide.yaml": ": is UTF-16; save it as UTF-8",
        "huge.yaml": ": is larger than 1,000,000 bytes; a config is a few lines",
        "run.yaml/x": ": cannot be read: Not a directory",
    }.items():
        path = os.path.join(tmp_path, name)
        with pytest.raises(ConfigError) as caught:
            load(path)
        assert str(caught.value) == path + message
    with pytest.raises(ConfigError, match="is not a file name"):
        load("a\0b")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(GOOD)
    path.chmod(0)
    with pytest.raises(ConfigError, match="permission denied"):
        load(path)


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    loaded = load(path)
    assert loaded.config == from_text(GOOD).config
    assert loaded.positions == from_text(GOOD).positions
    assert from_text("\ufeff" + GOOD).config == loaded.config


def test_many_problems_are_cut_short() -> None:
    found = lines(GOOD + "".join(f"zzz{index}: 1\n" for index in range(200)))
    assert len(found) == 51
    assert found[-1] == "stdin: and 150 more problems"


def test_stdin_needs_its_text() -> None:
    with pytest.raises(ValueError, match="stdin_text"):
        load("-")
