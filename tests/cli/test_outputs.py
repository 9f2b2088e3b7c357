"""What a command writes, and what it leaves alone: files of the user's are neither replaced nor deleted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import CONFIG, Lrfind, posix
from tests.support.processes import Starter

TINY = """\
model: {name: linear}
data: {name: friedman, rows: 60, batch_size: 10}
optimizer: {name: sgd, learning_rate: 1e-2}
train: {steps: 20}
sweep: {steps: 10, seeds: 1, extend: false}
confirm: {enabled: false}
"""
RATE = CONFIG.replace("{name: adam}", "{name: sgd, learning_rate: 1e-2}") + "train: {steps: 20}\n"
"""A rate can be read off its curve."""

OWN_DATA = TINY.replace("{name: friedman, rows: 60, batch_size: 10}", "DATA")
SWEEP = ("sweep", "t.yaml", "--no-plot", "--exit-zero", "--quiet")
TRAIN = ("train", "t.yaml", "--no-plot", "--quiet")
NAMES = ("result.json", "curve.csv", "plot.png", "check.json", "state.npz", "train.json", "train.csv")
JOURNALS = ("journal.jsonl", "journal.jsonl.new", ".files.jsonl")


@pytest.fixture(autouse=True)
def tiny(folder: Path) -> None:
    Path("t.yaml").write_text(TINY, encoding="utf-8")


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def shell(starter: Starter, command: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash, in which ``lrfind`` stands for the command."""
    line = f'lrfind() {{ {" ".join(starter.words())} "$@"; }}; {command}'
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, timeout=100)


@pytest.mark.parametrize("command", [SWEEP, TRAIN, ("check", "t.yaml", "--no-plot", "--quiet")])
@pytest.mark.parametrize("name", [*NAMES, *JOURNALS, ".lock", ".owner"])
@pytest.mark.parametrize("more", [(), ("--fresh",)])
def test_a_named_folder_with_a_file_of_the_users_is_refused(
    lrfind: Lrfind, name: str, command: tuple[str, ...], more: tuple[str, ...]
) -> None:
    Path("d").mkdir()
    Path("d", name).write_text("mine\n", encoding="utf-8")
    ran = lrfind(*command, "--out", "d", *more)
    assert (ran.code, ran.out) == (2, "")
    assert f"d holds a {name} that" in ran.err
    assert "choose another folder with --out" in ran.err
    assert snapshot(Path("d")) == {name: b"mine\n"}


def test_the_data_of_the_config_in_the_working_directory_stay(lrfind: Lrfind) -> None:
    Path("train.csv").write_text("a,b,y\n" + "".join(f"{i},{i * i},{i % 7}\n" for i in range(40)), encoding="ascii")
    Path("t.yaml").write_text(OWN_DATA.replace("DATA", "{name: csv, path: train.csv, target: y}"), encoding="utf-8")
    before = snapshot(Path())
    assert lrfind(*TRAIN, "--out", ".").code == 2
    assert snapshot(Path()) == before


@pytest.mark.parametrize("name", ["result.json", "curve.csv", "plot.png", "state.npz"])
def test_a_default_folder_with_a_file_of_the_users_is_passed_over(lrfind: Lrfind, name: str) -> None:
    kept = Path("lrfind-runs/t", name)
    kept.parent.mkdir(parents=True)
    kept.write_text("committed", encoding="ascii")
    ran = lrfind("sweep", "t.yaml", "--no-plot", "--exit-zero")
    assert ran.code == 0
    assert f"lrfind-runs/t holds a {name} that no run there wrote; this one goes to lrfind-runs/t-2" in ran.err
    assert snapshot(kept.parent) == {name: b"committed"}
    assert Path("lrfind-runs/t-2/result.json").exists()


@pytest.mark.parametrize("journal", ["", "{"])
def test_a_state_beside_a_journal_that_never_began_is_the_users(lrfind: Lrfind, journal: str) -> None:
    Path("r").mkdir()
    Path("r/journal.jsonl").write_text(journal, encoding="ascii")
    Path("r/state.npz").write_text("mine", encoding="ascii")
    ran = lrfind("sweep", "t.yaml", "--no-plot", "--out", "r")
    assert ran.code == 2
    assert "r holds a state.npz that no run there wrote" in ran.err
    assert Path("r/state.npz").read_text(encoding="ascii") == "mine"


def test_a_result_without_its_journal_is_a_baseline(lrfind: Lrfind) -> None:
    lrfind(*SWEEP)
    for name in ("journal.jsonl", ".lock"):
        Path("lrfind-runs/t", name).unlink()
    before = snapshot(Path("lrfind-runs/t"))
    assert lrfind(*SWEEP, "--seed", "1").code == 0
    assert snapshot(Path("lrfind-runs/t")) == before


def test_a_file_that_was_replaced_since_is_the_users(lrfind: Lrfind) -> None:
    lrfind(*SWEEP, "--out", "r")
    assert lrfind(*SWEEP, "--out", "r").code == 0
    Path("r/curve.csv").write_text("edited", encoding="ascii")
    ran = lrfind(*SWEEP, "--out", "r")
    assert (ran.code, Path("r/curve.csv").read_text(encoding="ascii")) == (2, "edited")
    assert "r holds a curve.csv" in ran.err


def test_a_training_takes_the_files_of_a_sweep_away_and_the_other_way_round(lrfind: Lrfind) -> None:
    assert lrfind("check", "t.yaml", "--no-plot", "--out", "r", "--exit-zero").code == 0
    Path("r/notes.txt").write_text("mine", encoding="ascii")
    Path("r/.curve.csv.swp").write_text("an editor's", encoding="ascii")
    mine = {"notes.txt", ".curve.csv.swp"}
    assert lrfind(*TRAIN, "--out", "r", "--fresh").code == 0
    assert set(snapshot(Path("r"))) - mine == {"train.json", "train.csv", "journal.jsonl", ".lock"}
    assert lrfind(*SWEEP, "--out", "r", "--fresh").code == 0
    assert set(snapshot(Path("r"))) == {*mine, "result.json", "curve.csv", "journal.jsonl", ".lock"}


def test_a_report_replaces_nothing_but_its_own(lrfind: Lrfind) -> None:
    lrfind(*SWEEP)
    report = ("report", "lrfind-runs/t", "--no-plot", "--json")
    Path("d").mkdir()
    Path("d/result.json").write_text("mine", encoding="ascii")
    ran = lrfind(*report, "--out", "d")
    assert (ran.code, snapshot(Path("d"))) == (2, {"result.json": b"mine"})
    assert "d/result.json cannot be written: it is there, and lrfind did not write it" in ran.err
    lrfind("sweep", "t.yaml", "--no-plot", "--exit-zero", "--seed", "1", "--out", "other")
    before = snapshot(Path("other"))
    assert lrfind(*report, "--out", "other").code == 2
    assert snapshot(Path("other")) == before
    for _ in range(2):
        assert lrfind(*report, "--out", "copy").code == 0
        lrfind(*SWEEP)
    assert lrfind("report", "lrfind-runs/t", "--json", "--out", "lrfind-runs/t").code == 0
    assert lrfind(*SWEEP).code == 0
    assert not Path("lrfind-runs/t/plot.png").exists()
    assert [path.name for path in Path("lrfind-runs").iterdir()] == ["t"]


@pytest.mark.parametrize("option", ["--out", "--output", "--plot"])
@pytest.mark.parametrize("command", ["sweep t.yaml", "train t.yaml", "check t.yaml", "report r", "compare r s"])
def test_an_empty_path_is_none(lrfind: Lrfind, command: str, option: str) -> None:
    before = snapshot(Path())
    ran = lrfind(*command.split(), option, "")
    assert ran.code == 2
    assert "is empty" in ran.err
    assert snapshot(Path()) == before


@pytest.mark.parametrize(
    "arguments", [("train", "t.yaml", "--use", ""), ("check", "t.yaml", "--run", ""), ("report", "")]
)
def test_an_empty_run_is_none(lrfind: Lrfind, arguments: tuple[str, ...]) -> None:
    assert lrfind(*arguments).code == 2


def own_files() -> None:
    """A config with data, code and weights of the user's, and links to them."""
    np.savez("d.npz", x=np.zeros((20, 2)), y=np.arange(20) % 2)
    Path("code.py").write_text("def loss(predictions, targets): ...\n", encoding="ascii")
    text = OWN_DATA.replace("DATA", "{name: npz, path: d.npz, batch_size: 5}") + 'loss: {target: "code.py:loss"}\n'
    Path("t.yaml").write_text(text, encoding="utf-8")
    os.link("d.npz", "hard")
    Path("soft").symlink_to("d.npz")
    Path("dangling").symlink_to("p.svg")
    Path("into").symlink_to(".")


@posix
@pytest.mark.parametrize("file", ["t.yaml", "d.npz", "code.py", "hard", "soft", "into/d.npz", "into/t.yaml"])
@pytest.mark.parametrize("command", ["sweep", "train", "check"])
@pytest.mark.parametrize("form", ["text", "junit", "json"])
def test_an_output_that_would_replace_what_is_read(lrfind: Lrfind, file: str, command: str, form: str) -> None:
    own_files()
    before = snapshot(Path())
    ran = lrfind(command, "t.yaml", "--output", file, "--format", form)
    assert ran.code == 2
    assert f"--output {file}: would overwrite" in ran.err
    assert snapshot(Path()) == before


@posix
def test_so_of_a_config_that_is_wrong_and_of_a_later_one(lrfind: Lrfind) -> None:
    own_files()
    Path("bad.yaml").write_text(Path("t.yaml").read_text(encoding="utf-8").replace("sgd", "sdg"), encoding="utf-8")
    before = snapshot(Path())
    for arguments in (
        ("bad.yaml", "--json"),
        ("c.yaml", "t.yaml"),
        ("c.yaml", "--set", "data={name: npz, path: d.npz}"),
    ):
        ran = lrfind("sweep", *arguments, "--output", "d.npz")
        assert (ran.code, ran.out) == (2, "")
        assert "would overwrite" in ran.err
        assert snapshot(Path()) == before
    ran = lrfind("sweep", "-", "--output", "d.npz", stdin=Path("t.yaml").read_text(encoding="utf-8"))
    assert ran.code == 2
    assert snapshot(Path()) == before


@posix
def test_one_file_for_two_outputs(lrfind: Lrfind) -> None:
    own_files()
    for output in ("p.svg", "./p.svg", "into/p.svg", "dangling"):
        ran = lrfind("sweep", "t.yaml", "--plot", "p.svg", "--output", output)
        assert ran.code == 2
        assert "are one file" in ran.err


@pytest.mark.parametrize("name", ["result.json", "curve.csv", "journal.jsonl", "state.npz", ".lock"])
def test_an_output_that_would_replace_a_file_of_the_run(lrfind: Lrfind, name: str) -> None:
    Path("r").mkdir()
    Path("lrfind-runs/t").mkdir(parents=True)
    for arguments in (("--out", "r", "--output", f"r/{name}"), ("--output", f"lrfind-runs/t/{name}")):
        for command in (SWEEP, TRAIN):
            ran = lrfind(*command, *arguments)
            assert ran.code == 2
            assert "is a file of the run in" in ran.err
    assert snapshot(Path("r")) == snapshot(Path("lrfind-runs")) == {}
    assert lrfind(*SWEEP, "--output", "lrfind-runs/t/report.txt").code == 0


@pytest.mark.parametrize("config", ["...yaml", "..yaml", ".yaml", "....yml"])
def test_a_config_whose_name_is_dots(lrfind: Lrfind, config: str) -> None:
    Path(config).write_text(TINY, encoding="utf-8")
    Path("curve.csv").write_text("mine", encoding="ascii")
    before = set(snapshot(Path()))
    for _ in range(2):
        assert lrfind("sweep", config, "--no-plot", "--exit-zero", "--quiet").code == 0
    assert {name.split(os.sep)[0] for name in set(snapshot(Path())) - before} == {"lrfind-runs"}
    assert lrfind("sweep", config, "t.yaml", "--out", "d", "--no-plot", "--exit-zero").code == 0
    assert sorted(path.name for path in Path("d").iterdir()) == ["config", "t"]


LEAVES = """\
import os
import optax

os.chdir("elsewhere")

def loss(predictions, targets):
    return optax.softmax_cross_entropy_with_integer_labels(predictions, targets).mean()
"""


def test_code_that_changes_the_working_directory_moves_nothing(lrfind: Lrfind) -> None:
    Path("code.py").write_text(LEAVES, encoding="ascii")
    text = RATE + 'loss: {target: "code.py:loss"}\n'
    for place in (".", "elsewhere"):
        Path(place).mkdir(exist_ok=True)
        Path(place, "t.yaml").write_text(text, encoding="utf-8")
        Path(place, "u.yaml").write_text(text, encoding="utf-8")
    before = snapshot(Path("elsewhere"))
    for command in (
        ("sweep", "t.yaml", "--write", "--output", "o.json", "--json", "--plot", "p.svg"),
        ("sweep", "t.yaml", "u.yaml", "--output", "two.txt", "--out", "d"),
        ("train", "t.yaml", "--output", "train.txt", "--plot", "t.svg"),
        ("check", "t.yaml", "--output", "check.xml", "--format", "junit"),
    ):
        ran = lrfind(*command, *(() if "--plot" in command else ("--no-plot",)))
        assert ran.code in (0, 1), ran.err
    assert snapshot(Path("elsewhere")) == before
    for path in ("o.json", "p.svg", "two.txt", "d/t/result.json", "d/u/result.json", "train.txt", "t.svg", "check.xml"):
        assert Path(path).exists(), path
    assert Path("lrfind-runs/t/check.json").exists()
    assert Path("lrfind-runs/t-train/train.json").exists()
    assert Path("t.yaml").read_text(encoding="utf-8") != text


def test_a_config_that_was_edited_meanwhile_is_not_written_to(lrfind: Lrfind) -> None:
    edit = "from pathlib import Path\nfile = Path(__file__).with_name('t.yaml')\n"
    edit += "file.write_text(file.read_text().replace('sgd', 'adam'))\n"
    Path("code.py").write_text(LEAVES.replace('os.chdir("elsewhere")\n', edit), encoding="ascii")
    Path("t.yaml").write_text(RATE + 'loss: {target: "code.py:loss"}\n', encoding="utf-8")
    ran = lrfind("sweep", "t.yaml", "--write", "--json", "--no-plot", "--exit-zero")
    assert ran.code == 3
    assert "t.yaml was changed while it was measured" in ran.err
    assert json.loads(ran.out)["status"] == "complete"
    text = Path("t.yaml").read_text(encoding="utf-8")
    assert "name: adam, learning_rate: 1e-2}" in text


def test_configs_of_one_stem_never_share_a_folder(lrfind: Lrfind) -> None:
    for place in ("a", "b"):
        Path(place).mkdir()
        Path(place, "t.yaml").write_text(TINY.replace("rows: 60", "rows: 70" if place == "a" else "rows: 80"))
    both = ("sweep", "a/t.yaml", "b/t.yaml", "--no-plot", "--exit-zero")
    for more in ((), ("--fresh",)):
        ran = lrfind(*both, "--out", "runs", *more)
        assert ran.code == 0
        assert "another config is called t, so the run of b/t.yaml goes to runs/t-2" in ran.err
        configs = [json.loads(Path("runs", name, "result.json").read_text())["config"] for name in ("t", "t-2")]
        assert [config["data"]["rows"] for config in configs] == [70, 80]
    shutil.copy("a/t.yaml", "b/t.yaml")
    for _ in range(2):
        assert lrfind(*both).code == 0
        assert sorted(path.name for path in Path("lrfind-runs").iterdir()) == ["t", "t-2"]


@posix
def test_outputs_that_are_no_files(folder: Path, starter: Starter) -> None:
    sweep = "lrfind sweep t.yaml --no-plot --quiet --exit-zero --json"
    ran = shell(
        starter,
        f"{sweep} --output >(cat > got); wait $!; {sweep} --output /dev/fd/1 | cat > piped; "
        f"{sweep} --output /dev/fd/3 3> third; {sweep} --output /dev/stderr 2>&1 >/dev/null | cat > errors; "
        f"{sweep} --output /dev/null; {sweep} --output /dev/fd/77; echo $?",
    )
    assert ran.stdout == "2\n", ran.stderr
    for name in ("got", "piped", "third", "errors"):
        assert json.loads(Path(name).read_text(encoding="utf-8"))["name"] == "t", name
    assert not Path("/dev/null").is_file()


@posix
def test_a_replaced_file_keeps_its_mode(lrfind: Lrfind) -> None:
    for mode in (0o600, 0o640, 0o664):
        Path("o").write_text("old", encoding="ascii")
        Path("o").chmod(mode)
        assert lrfind("list", "schedules", "--json").code == 0
        assert lrfind(*SWEEP, "--output", "o").code == 0
        assert Path("o").stat().st_mode & 0o777 == mode


@posix
@pytest.mark.parametrize("kind", ["/dev/zero", "fifo", "sparse", "folder/fifo"])
@pytest.mark.parametrize(
    "command", ["report {}", "train t.yaml --use {}", "check t.yaml --run {}", "check t.yaml --baseline {}"]
)
def test_runs_that_are_no_regular_files_or_enormous(lrfind: Lrfind, command: str, kind: str) -> None:
    name = kind
    if kind == "sparse":
        with open("sparse", "wb") as file:
            file.truncate(2**40)
    elif kind == "fifo":
        os.mkfifo(kind)
    elif kind == "folder/fifo":
        name = "folder"
        Path("folder").mkdir()
        for each in ("result.json", "journal.jsonl"):
            os.mkfifo(f"folder/{each}")
    ran = lrfind(*command.format(name).split())
    assert ran.code == 2
    assert "fault" not in ran.err
    assert "no regular file" in ran.err or "larger than 256 MB" in ran.err


@pytest.mark.parametrize("value", ["9" * 4301, "²", "1" * 20, "-5", "x"])
@pytest.mark.parametrize("name", ["COLUMNS", "LINES"])
def test_sizes_that_no_terminal_has(lrfind: Lrfind, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert lrfind("list", "schedules").code == 0
    if len(value) == 4301:
        assert subprocess.run([sys.executable, "-m", "lrfind", "--help"], capture_output=True).returncode == 0


@posix
@pytest.mark.parametrize(
    "name", ["::error::x", "  ::warning::y", "##[error]z", "a ::error::b", "a" * 76 + "::error::b"]
)
def test_a_name_that_is_a_command_of_github(lrfind: Lrfind, name: str) -> None:
    configs = [f"{name}.yaml", f"{name}2.yaml"]
    for config in configs:
        Path(config).write_text(TINY, encoding="utf-8")
    runs = [lrfind("sweep", *configs, "--dry-run")]
    runs += [lrfind(command, *configs, "--no-plot") for command in ("sweep", "check", "compare")]
    for ran in runs:
        lines = ran.out.splitlines()
        assert lines
        assert not [line for line in lines if line.strip().startswith("::") or "##[" in line]


@posix
@pytest.mark.parametrize("mark", ["\u202e", "\u200b", "\ufeff", "\u2066"])
def test_no_invisible_mark_reaches_junit(lrfind: Lrfind, mark: str) -> None:
    Path(f"a{mark}b.yaml").write_text(TINY, encoding="utf-8")
    for command in ("sweep", "check", "train"):
        ran = lrfind(command, f"a{mark}b.yaml", "--no-plot", "--format", "junit")
        assert "<testsuite" in ran.out
        assert mark not in ran.out
