"""The user's files: none is changed or gone, whatever a run is told to write, and results are where promised."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attack import CONFIG, Attempt, Ground, changed, sound
from command import Ran
from file_pipes import device, odd_input, pipe
from file_runs import killed_fresh, one_stem, race
from target_styles import OWN

NAMES = ("result.json", "curve.csv", "plot.png", "check.json", "state.npz", "train.json", "train.csv")
"""Files that runs write, and users have, too."""

TABLE = "a,b,y\n" + "".join(f"{i},{i * i % 7},{2 * i + i * i % 7}\n" for i in range(80))
HIDDEN = "\u202e\u2066"
COMMANDS = ("sweep", "check", "train")

SHARED = {"plot.png", "state.npz"}
WRITTEN = {
    "sweep": SHARED | {"result.json", "curve.csv"},
    "check": SHARED | {"result.json", "curve.csv", "check.json"},
    "train": SHARED | {"train.json", "train.csv"},
}
"""Names that a run of a command would take."""


def users(ground: Ground, rng: random.Random, folder: str, least: int = 1) -> list[str]:
    """Write files of the user's, some of them by names that runs write."""
    some = rng.sample(NAMES, rng.randint(least, len(NAMES)))
    ground.write({f"{folder}/{name}": f"the user's own {name}\n" for name in (*some, "notes.txt")})
    return some


def whole(path: Path) -> list[str]:
    """Whether a promised file is there, and whole."""
    if not path.is_file() or not path.stat().st_size:
        return [f"{path.name} was promised and is not there"]
    try:
        return [] if path.suffix != ".json" or json.loads(path.read_text(encoding="utf-8")) else ["empty JSON"]
    except ValueError:
        return [f"{path.name} is no JSON"]


def into_a_folder(ground: Ground, rng: random.Random) -> Attempt:
    """A folder with the user's files, given for a run's."""
    form = rng.choice(["", ".", "./", "sub", "sub/", "./sub/../sub", "absolute", "link", "../work", "new/../sub"])
    home = "work/sub" if "sub" in form or form in ("absolute", "link") else "work"
    some = users(ground, rng, home)
    (ground.folder / "work/sub").mkdir(exist_ok=True)
    (ground.folder / "work/link").symlink_to("sub")
    data: dict[str, Any] = (
        {"data": {"name": "csv", "path": "train.csv", "targets": "y"}, "loss": "mse"} if rng.random() < 0.3 else {}
    )
    if data:
        ground.write({"work/train.csv": TABLE})
    ground.config("work/c.yaml", **data)
    before = ground.snapshot()
    out = str(ground.folder / home) if form == "absolute" else form
    command = rng.choice(COMMANDS)
    more = [each for each in ("--fresh", "--no-plot") if rng.random() < 0.5]
    ran = ground.lrfind(command, "c.yaml", "--out", out, *more, cwd="work")
    what = f"{command} --out '{form}' {' '.join(more)} over {', '.join(some)}"
    codes = (2,) if not form or WRITTEN[command] & {*some, *(["train.csv"] if data else [])} else (0, 1, 2)
    return Attempt("--out has the user's files", what, (*changed(before, ground.snapshot()), *sound(ran, *codes)))


def over_an_input(ground: Ground, rng: random.Random) -> Attempt:
    """--output, --plot: the config, the data, the code, one another, a file of the run; by any spelling."""
    ground.write({"d.csv": TABLE, "my.py": OWN})
    own = rng.random() < 0.5
    if own:
        ground.config(model={"target": "my.py:build"}, data={"target": "my.py:arrays"})
    else:
        ground.config(data={"name": "csv", "path": "d.csv", "targets": "y"}, loss="mse")
    command = rng.choice(COMMANDS)
    run = "train.json" if command == "train" else "result.json"
    victim = rng.choice(["c.yaml", "my.py" if own else "d.csv", f"r/{run}", "one another", "r/journal.jsonl", ""])
    option = rng.choice(["--output", "--plot"])
    spelling = rng.choice(["plain", "absolute", "dots", "symbolic link", "hard link"])
    path = victim
    if victim and victim != "one another":
        if spelling == "absolute":
            path = str(ground.folder / victim)
        elif spelling == "dots":
            path = f"./x/../{victim}"
            (ground.folder / "x").mkdir()
        elif spelling.endswith("link") and not victim.startswith("r/"):
            path = "seen.svg" if option == "--plot" else "seen.txt"
            (os.link if spelling == "hard link" else os.symlink)(ground.folder / victim, ground.folder / path)
        if option == "--plot" and not path.endswith(".svg"):  # It has to end so; only a link can.
            option = "--output"
    options = ["--output", "p.svg", "--plot", rng.choice(["p.svg", "./p.svg"])] if "one" in victim else [option, path]
    before = ground.snapshot()
    ran = ground.lrfind(command, "c.yaml", "--out", "r", *options)
    after = ground.snapshot()
    wrong = changed(before, after) + sound(ran, 2)
    if any(name.endswith("journal.jsonl") for name in after):
        wrong.append("was measured first")
    return Attempt("an output over an input", f"{command} {' '.join(options)} ({spelling}: {victim})", tuple(wrong))


def moved(ground: Ground, rng: random.Random) -> Attempt:
    """The user's code changes the working directory."""
    site = rng.choice(["import", "build", "loss", "arrays"])
    move = "__import__('os').chdir(__import__('pathlib').Path(__file__).parent / '../other')"
    code = OWN
    if site == "import":
        code += f"\n{move}\n"
    else:
        line = {"build": "def build(size=4):", "loss": "def loss_fn(params, batch):", "arrays": "def arrays(rows=80):"}[
            site
        ]
        indent = " " * (8 if site == "loss" else 4)
        code = code.replace(line, f"{line}\n{indent}{move}")
    command = rng.choice(COMMANDS)
    wanted = rng.sample(["--write", "--out", "--output", "--plot"], rng.randint(0, 3))
    if command != "sweep" and "--write" in wanted:
        wanted.remove("--write")
    ground.write({"work/my.py": code, "other/my.py": OWN, "other/lrfind-runs/keep": "x"})
    sections = {"model": {"target": "my.py:build"}, "data": {"target": "my.py:arrays", "batch_size": 16}}
    ground.config("work/c.yaml", **sections)
    ground.config("other/c.yaml", **sections)
    users(ground, rng, "other")
    before, config = ground.snapshot("other"), (ground.folder / "work/c.yaml").read_text(encoding="utf-8")
    values = {"--write": [], "--out": ["r"], "--output": ["o.json", "--json"], "--plot": ["p.svg"]}
    more = [x for each in wanted for x in (each, *values[each])]
    ran = ground.lrfind(command, "c.yaml", *more, cwd="work")
    after = ground.snapshot("other")
    wrong = changed(before, after) + [f"{name} appeared" for name in after if name not in before] + sound(ran, 0, 1)
    if ran.code in (0, 1):
        run = "train" if command == "train" else "result"
        default = "lrfind-runs/c-train" if command == "train" else "lrfind-runs/c"
        promised = [f"{'r' if '--out' in wanted else default}/{run}.json"]
        promised += ["o.json"] * ("--output" in wanted) + ["p.svg"] * ("--plot" in wanted)
        wrong += [each for name in promised for each in whole(ground.folder / "work" / name)]
        if (
            "--write" in wanted
            and ran.code == 0
            and (ground.folder / "work/c.yaml").read_text(encoding="utf-8") == config
        ):
            wrong.append("--write wrote nothing")
    return Attempt("the user's code changes the folder", f"{command} {' '.join(more)}, at {site}", tuple(wrong))


def odd_name(ground: Ground, rng: random.Random) -> Attempt:
    """A config by an odd name."""
    stem = rng.choice(
        ["..", ".", "", "...", " ", "a b", "::error::x", f"b{HIDDEN}c", "-", "con\nfig", "result", "..\\x"]
    )
    users(ground, rng, "work/lrfind-runs")
    users(ground, rng, "work")
    name = f"{stem}.yaml"
    ground.config(f"work/{name}")
    before = ground.snapshot()
    form = rng.choice(["text", "junit", "markdown"])
    command = "check" if form == "junit" else "sweep"
    ran = ground.lrfind(command, f"./{name}", "--format", form, *(["--no-plot"] * rng.randint(0, 1)), cwd="work")
    after = ground.snapshot()
    wrong = changed(before, after) + sound(ran, 0, 1, 2)
    places = [Path(each).parent for each in after if each not in before and Path(each).name == "result.json"]
    if any(each in (Path("work"), Path("work/lrfind-runs"), Path(".")) for each in places):
        wrong.append("the run is not in a folder of its own")
    if ran.code in (0, 1) and not places:
        wrong.append("no result")
    if any(line.startswith("::") for line in (ran.out + ran.err).splitlines()):
        wrong.append("a line begins as a workflow command")
    if any(each in ran.out + ran.err for each in HIDDEN):
        wrong.append("marks that turn text")
    return Attempt("odd names", f"{command} {name!r} as {form}", tuple(wrong))


def without_journal(ground: Ground, rng: random.Random) -> Attempt:
    """A result that was committed stands where the run would go."""
    command = rng.choice(COMMANDS)
    home = "lrfind-runs/c-train" if command == "train" else "lrfind-runs/c"
    ground.config()
    users(ground, rng, home)
    before = ground.snapshot()
    more = [each for each in ("--fresh", "--no-plot") if rng.random() < 0.4]
    ran = ground.lrfind(command, "c.yaml", *more)
    after = ground.snapshot()
    wrong = changed(before, after) + sound(ran, 0, 1)
    if ran.code in (0, 1) and not any(each.endswith(".json") and each not in before for each in after):
        wrong.append("no result")
    return Attempt("a result without its journal", f"{command} {' '.join(more)}", tuple(wrong))


def edited(ground: Ground, rng: random.Random) -> Attempt:
    """The config is edited while it is measured."""
    later = json.dumps({**CONFIG, "optimizer": {"name": rng.choice(["adam", "lion"]), "learning_rate": 1e-3}})
    if rng.random() < 0.3:
        later = "# to be gone on with\n"
    edit = f"open(__import__('pathlib').Path(__file__).with_name('c.yaml'), 'w').write({later!r})"
    ground.write({"my.py": OWN.replace("def arrays(rows=80):", f"def arrays(rows=80):\n    {edit}")})
    ground.config(model={"target": "my.py:build"}, data={"target": "my.py:arrays", "batch_size": 16})
    ran = ground.lrfind("sweep", "c.yaml", "--write", "--no-plot")
    kept = (ground.folder / "c.yaml").read_text(encoding="utf-8") == later
    wrong = [*([] if kept else ["the edited config was written into"]), *sound(ran, 1, 2, 3)]
    return Attempt(
        "--write after an edit", "sweep --write", (*wrong, *whole(ground.folder / "lrfind-runs/c/result.json"))
    )


def again(ground: Ground, rng: random.Random) -> Attempt:
    """lrfind's own files are measured anew, and what the user keeps beside them stays."""
    command = rng.choice(COMMANDS)
    ground.config()
    first: Ran = ground.lrfind(command, "c.yaml", "--out", "r")
    ground.write({"r/notes.txt": "mine", "o.json": "{}"})
    (ground.folder / "o.json").chmod(0o600)
    os.symlink("o.json", ground.folder / "link")
    given = rng.choice(["o.json", "link"])
    more = [each for each in ("--fresh", "--no-plot") if rng.random() < 0.4]
    ran = ground.lrfind(command, "c.yaml", "--out", "r", "--json", "--output", given, *more)
    wrong = sound(first, 0, 1, name="first") + sound(ran, 0, 1) + whole(ground.folder / "o.json")
    if (ground.folder / "o.json").stat().st_mode & 0o777 != 0o600:
        wrong.append("--output lost its mode")
    if not (ground.folder / "link").is_symlink():
        wrong.append("the link was replaced")
    if not (ground.folder / "r/notes.txt").exists():
        wrong.append("notes.txt is gone")
    return Attempt("measured again", f"{command} {' '.join(more)} --output {given}", tuple(wrong))


def reported(ground: Ground, rng: random.Random) -> Attempt:
    """A finished run is drawn again into a folder of the user's, or over its own files."""
    ground.config()
    first = ground.lrfind("sweep", "c.yaml", "--out", "r", "--no-plot")
    some = users(ground, rng, "work", least=4)
    before = ground.snapshot()
    run = str(ground.folder / "r")
    form = rng.choice(
        [
            ("--out", "."),
            ("--out", ""),
            ("--out", "../work"),
            ("--output", ""),
            ("--output", f"{run}/result.json"),
            ("--out", "notes.txt"),
        ]
    )
    ran = ground.lrfind("report", run, *form, cwd="work")
    wrong = sound(first, 0, 1, name="first") + changed(before, ground.snapshot()) + sound(ran, 2)
    return Attempt("report over the user's files", f"report {' '.join(form)} beside {', '.join(some)}", tuple(wrong))


KINDS: tuple[Callable[[Ground, random.Random], Attempt], ...] = (
    into_a_folder,
    over_an_input,
    moved,
    pipe,
    odd_name,
    without_journal,
    one_stem,
    edited,
    race,
    killed_fresh,
    again,
    reported,
    device,
    odd_input,
    into_a_folder,
    over_an_input,
)


def attempt(ground: Ground, rng: random.Random, number: int) -> Attempt:
    """One attempt."""
    return KINDS[number % len(KINDS)](ground, rng)
