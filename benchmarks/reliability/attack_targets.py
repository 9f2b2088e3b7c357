"""Targets in configs: what is not the user's own is refused and never runs; what is, works."""

from __future__ import annotations

import json
import os
import pickle
import random
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attack import CONFIG, Attempt, Ground, changed, sound
from target_styles import OWN, STYLES, Reach, payloads
from target_twins import TWINS

PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"

COMMANDS: dict[str, tuple[str, ...]] = {
    "sweep": ("sweep", "{}", "--no-plot"),
    "sweep --dry-run": ("sweep", "{}", "--dry-run"),
    "check": ("check", "{}", "--no-plot"),
    "train": ("train", "{}", "--no-plot"),
    "train --dry-run": ("train", "{}", "--dry-run"),
    "compare": ("compare", "{}", "{}", "--no-plot"),
}


class Evil:
    """What a pickle runs when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.marker),))


def bait(ground: Ground) -> tuple[Path, Path]:
    """Where a marker would appear, and what must not go away."""
    marker, canary = ground.folder / "traps" / "marker", ground.folder / "traps" / "canary.py"
    ground.write({"traps/canary.py": f"open({str(marker)!r}, 'w').close()\n"})
    canary.with_suffix(".pkl").write_bytes(pickle.dumps(Evil(marker)))
    return marker, canary


def sections(site: str, target: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The config's sections with a target in one place; what else is needed is the user's own, or built in."""
    reference: dict[str, Any] = {"target": target, "kwargs": dict(arguments)}
    if site == "model":
        return {"model": reference, "data": {"target": "own.py:arrays"}}
    if site == "data":
        return {"model": {"target": "own.py:build"}, "data": reference}
    if site == "optimizer":
        return {"optimizer": {**reference, "learning_rate": 0.5}}
    return {"loss": reference}


def tried(ground: Ground, rng: random.Random, site: str, reach: Reach, **options: Any) -> tuple[str, list[str]]:
    """A command with a config that reaches; options as for `Ground.lrfind`, and ``more`` arguments."""
    more: tuple[str, ...] = options.pop("more", ())
    ground.write({**reach.files, "own.py": OWN})
    ground.config(**sections(site, reach.target, reach.arguments))
    name = rng.choice(list(COMMANDS))
    ran = ground.lrfind(*(each.format("c.yaml") for each in COMMANDS[name]), *more, **options)
    return f"{reach.target} as {site}, {name}", sound(ran, 2)


def trapped(before: Mapping[str, str], ground: Ground) -> list[str]:
    """Whether something foreign ran."""
    after = ground.snapshot("traps")
    return [f"RAN: {name} appeared" for name in after if name not in before] + changed(before, after)


def reaching(kind: str, ground: Ground, rng: random.Random) -> Attempt:
    """What is not the user's, by a style."""
    payload = rng.choice(payloads(*bait(ground)))
    before = ground.snapshot("traps")
    site = rng.choice(["model", "model", "data", "data", "data", "optimizer", "loss"])
    what, wrong = tried(ground, rng, site, STYLES[kind](payload, rng))
    return Attempt(kind, f"{what}, {payload.module}.{payload.name}", (*trapped(before, ground), *wrong))


def environment(ground: Ground, rng: random.Random) -> Attempt:
    """A file of an environment below the config's folder, or a link to one."""
    marker, _ = bait(ground)
    code = f"import os, subprocess\nopen({str(marker)!r}, 'w').close()\n{OWN}"
    site = f"lib/{PYTHON}/site-packages"
    own, function = f"{site}/thing/__init__.py", "build"
    top, marks = rng.choice([(".venv", "pyvenv.cfg"), ("env", "conda-meta/history"), ("deep/er/venv", "pyvenv.cfg")])
    form = rng.choice(
        ["site-packages", "beside them", "dist-packages", "link to a file", "link to a folder", "running"]
    )
    files: dict[str, str] = {}
    if form == "running":  # A link to the environment that the attack runs in, with nothing of the user's in it.
        (ground.folder / ".venv").symlink_to(sys.prefix)
        found = sorted(Path(sys.prefix, site).glob("*/__init__.py"))[:40]
        target = f".venv/{rng.choice(found).relative_to(sys.prefix)}" if found else f".venv/{own}"
        function = rng.choice(["os.system", "sys.exit", "subprocess.getoutput", "np.load", "__version__"])
    elif form == "dist-packages":
        target = "usr/lib/python3/dist-packages/thing.py"
        files = {target: code}
    else:
        where = (
            own if form != "beside them" else rng.choice([f"lib/{PYTHON}/thing.py", "bin/thing.py", "share/thing.py"])
        )
        target = f"{top}/{where}"
        files = {target: code, f"{top}/{marks}": "home = /usr/bin\n"}
    ground.write(files)
    if form == "link to a file":
        (ground.folder / "mine.py").symlink_to(target)
        target = "mine.py"
    elif form == "link to a folder":
        (ground.folder / "kit").symlink_to((ground.folder / target).parent)
        target = f"kit/{Path(target).name}"
    if rng.random() < 0.2:
        target = str(ground.folder / target)
    before = ground.snapshot("traps")
    what, wrong = tried(ground, rng, rng.choice(["model", "data"]), Reach({}, f"{target}:{function}", {}))
    return Attempt("file of an environment", f"{form}: {what}", (*trapped(before, ground), *wrong))


def elsewhere(ground: Ground, rng: random.Random) -> Attempt:
    """Code outside of the config's folder: in the working directory, above, beside, behind links."""
    marker, _ = bait(ground)
    before = ground.snapshot("traps")
    code = f"open({str(marker)!r}, 'w').close()\n{OWN}"
    ground.write({"home/my.py": code, "conf/own.py": OWN, "conf/sub/x": "", "home/own.py": OWN})
    form = rng.choice(["standard input", "--set", "above", "absolute", "link", "linked folder", "relative"])
    target = {"above": "../home/my.py", "absolute": str(ground.folder / "home/my.py"), "link": "mine.py"}.get(
        form, "my.py"
    )
    (ground.folder / "conf/mine.py").symlink_to("../home/my.py")
    (ground.folder / "conf/kit").symlink_to("../home")
    target = {"linked folder": "kit/my.py", "relative": "sub/../../home/my.py"}.get(form, target)
    site = rng.choice(["model", "data"])
    name = rng.choice(["sweep", "sweep --dry-run", "check", "train"])
    function = "build" if site == "model" else "arrays"
    if form == "--set":
        ground.config("conf/c.yaml")
        values = sections(site, f"my.py:{function}", {})
        setting = [x for key in values for x in ("--set", f"{key}={json.dumps(values[key])}")]
        ran = ground.lrfind(*(x.format("../conf/c.yaml") for x in COMMANDS[name]), *setting, cwd="home")
    else:
        config = ground.config("conf/c.yaml", **sections(site, f"{target}:{function}", {}))
        path, text = ("-", json.dumps(config)) if form == "standard input" else ("../conf/c.yaml", None)
        ran = ground.lrfind(*(x.format(path) for x in COMMANDS[name]), stdin=text, cwd="home")
    what = f"{form}: {site} from the working directory, {name}"
    return Attempt("code outside of the config's folder", what, (*trapped(before, ground), *sound(ran, 2)))


def package(ground: Ground, rng: random.Random) -> Attempt:
    """With --allow-import: what is not that package's."""
    payload = rng.choice(payloads(*bait(ground)))
    before = ground.snapshot("traps")
    module, name = payload.module, payload.name
    code = f"import {module}\nimport gadget.tools as tools\nfrom {module} import {name} as again\n{OWN}"
    tools = f"from {module} import {name}\nimport functools, {module}\nf = functools.partial({module}.{name})\n"
    target = rng.choice(
        [
            f"gadget:{module}.{name}",
            "gadget:again",
            f"gadget.tools:{name}",
            f"gadget:tools.{name}",
            f"gadget.tools:{module}.{name}",
            "gadget.tools:f",
            f"{module}:{name}",
            "gadget:build.__globals__.copy",
        ]
    )
    files = {"site/gadget/__init__.py": code, "site/gadget/tools.py": tools}
    paths = os.pathsep.join([str(Path(__file__).parents[2]), str(ground.folder / "site")])
    reach = Reach(files, target, payload.arguments)
    site = rng.choice(["model", "data"])
    what, wrong = tried(ground, rng, site, reach, more=("--allow-import", "gadget"), env={"PYTHONPATH": paths})
    return Attempt("--allow-import", f"{what}, {module}.{name}", (*trapped(before, ground), *wrong))


def judged(ground: Ground, rng: random.Random) -> Attempt:
    """A finished run's code has changed since; what reads the run does not run it."""
    marker, _ = bait(ground)
    ground.write({"my.py": OWN})
    ground.config(model={"target": "my.py:build"}, data={"target": "my.py:arrays"})
    wrong = sound(ground.lrfind("sweep", "c.yaml", "--no-plot", "--out", "r"), 0, 1, name="sweep")
    ground.write({"my.py": f"open({str(marker)!r}, 'w').close()\n{OWN}"})
    before = ground.snapshot("traps")
    ground.config("other.yaml")
    command = rng.choice(
        [
            ("check", "--run", "r"),
            ("check", "c.yaml", "--run", "r"),
            ("report", "r", "--no-plot"),
            ("report", "r/result.json", "--format", "html"),
            ("compare", "r", "r", "--no-plot"),
            ("train", "other.yaml", "--use", "r", "--no-plot"),
        ]
    )
    ran = ground.lrfind(*command)
    codes = (0, 1, 2) if command[:2] == ("check", "--run") else (0, 1)
    return Attempt("finished run is judged", " ".join(command), (*wrong, *trapped(before, ground), *sound(ran, *codes)))


def twin(ground: Ground, rng: random.Random, number: int) -> Attempt:
    """What users write: it works."""
    made = TWINS[number % len(TWINS)]
    name = rng.choice(["sweep", "sweep --dry-run", "check", "train"])
    ground.write({"own.py": OWN, **made.files})
    config = {**CONFIG, **sections(made.site, made.target, made.arguments)}
    ground.config(**config)
    more, folder = made.more, ground.folder / made.folder
    folder.mkdir(exist_ok=True)
    path = os.path.relpath(ground.folder / "c.yaml", folder)
    text = json.dumps(config) if made.piped else None
    paths = os.pathsep.join([str(Path(__file__).parents[2]), str(ground.folder / "site")])
    arguments = [each.format("-" if made.piped else path) for each in COMMANDS[name]]
    ran = ground.lrfind(*arguments, *more, stdin=text, cwd=made.folder, env={"PYTHONPATH": paths})
    wrong = sound(ran, 0, 1 if name != "sweep --dry-run" else 0)
    if name == "sweep --dry-run" and not wrong and not all(each in ran.err for each in made.ran):
        wrong.append(f"does not say that it ran code of {' and '.join(made.ran)}")
    return Attempt("the user's own code works", f"{made.what}, {name}", tuple(wrong))


def attempt(ground: Ground, rng: random.Random, number: int) -> Attempt:
    """One attempt; every third is a target that has to work."""
    turn = number // 3
    if number % 3 == 2:
        return twin(ground, rng, turn)
    turn = 2 * turn + number % 3
    others = (environment, elsewhere, package, judged)
    styles = tuple(STYLES)
    turn %= len(styles) + len(others)
    return reaching(styles[turn], ground, rng) if turn < len(styles) else others[turn - len(styles)](ground, rng)
