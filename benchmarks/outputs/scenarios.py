"""Small configs and the commands that are run with them, in order, each scenario in a folder of its own."""

from __future__ import annotations

from dataclasses import dataclass

FORMATS = ("text", "json", "markdown", "junit", "github", "html")
COMMANDS = ("sweep", "train", "check", "compare", "diagnose", "report", "init", "list", "schema", "explain")
KINDS = ("models", "data", "losses", "optimizers", "schedules", "methods", "ladders")
PAGES = ("rate-in-range", "learns", "drift", "diverged", "too-slow", "too-little-decay", "healthy")


@dataclass(frozen=True)
class Command:
    """One call of lrfind.

    Attributes:
        line: the arguments, separated by spaces.
        stdin: text on standard input.
        kill_at: SIGKILL it once its journal has so many lines; 0 lets it end.
        run: the run directory that a kill leaves behind.
    """

    line: str
    stdin: str = ""
    kill_at: int = 0
    run: str = ""


SWEEP = "sweep: {steps: 24, seeds: 2}\nconfirm: {enabled: false}\n"
CONFIRMED = "sweep: {steps: 24, seeds: 2}\nconfirm: {budget: 500}\n"

CONFIGS = {
    "linear": """\
model: {name: linear}
data: {name: digits, batch_size: 64}
optimizer: {name: sgd, learning_rate: 0.3}
train: {steps: 200}
"""
    + SWEEP,
    "mlp": """\
seed: 3
model: {name: mlp, hidden: [16]}
data: {name: digits, batch_size: 32}
optimizer: {name: adamw, weight_decay: 1e-2, learning_rate: 1e-2}  # of a comment
train: {steps: 120, schedule: {name: cosine, warmup_steps: 10}}
"""
    + CONFIRMED,
    "table": """\
model: {name: mlp, hidden: [8], norm: layer, activation: tanh}
data: {name: csv, path: wine.csv, targets: cultivar, standardize: true, batch_size: 16}
optimizer: {name: lion, learning_rate: 1e-3}
train: {epochs: 10, schedule: one_cycle}
"""
    + CONFIRMED,
    "cnn": """\
model: {name: cnn, channels: [4], norm: batch}
data: {name: digits, batch_size: 16}
optimizer: {name: sgd, momentum: 0.9, learning_rate: 0.1}
train: {steps: 60, schedule: {name: step, step_size: 30, factor: 0.1}}
sweep: {steps: 20, seeds: 1}
confirm: {budget: 200}
""",
    "transformer": """\
model: {name: transformer, layers: 1, heads: 2, width: 8, context: 8}
data: {name: text, batch_size: 8}
optimizer: {name: adamw, weight_decay: 1e-2, clip_norm: 1.0, learning_rate: 1e-2}
train: {steps: 60, schedule: {name: linear, warmup_steps: 10}}
"""
    + SWEEP,
    "groups": """\
model: {name: mlp, hidden: [8, 8]}
data: {name: digits, batch_size: 32}
optimizer: {name: adamw, decayed: weights, groups: {"1.*": 0.1}, frozen: ["0.*"], learning_rate: 0.1}
train: {steps: 100, schedule: {name: reduce_on_plateau, patience: 5, factor: 0.5}}
"""
    + CONFIRMED,
    "bfloat16": """\
model: {name: mlp, hidden: [16]}
data: {name: digits, batch_size: 16}
optimizer: {name: adam, accumulate: 2, learning_rate: 1e-2}
precision: bfloat16
train: {steps: 80, schedule: {name: exponential, decay_rate: 0.5, decay_steps: 40}}
"""
    + SWEEP,
    "regression": """\
model: {name: linear}
data: {name: quadratic, features: 10, condition: 20.0, rows: 64, batch_size: 64}
loss: mse
optimizer: {name: sgd, learning_rate: 30.0}
train: {steps: 60, schedule: triangular}
"""
    + CONFIRMED,
    "diverging": """\
model: {name: linear}
data: {name: friedman, rows: 200, batch_size: 20}
loss: huber
optimizer: {name: sgd, learning_rate: 1e6}
train: {steps: 50, schedule: {name: polynomial, power: 2.0}}
sweep: {min_lr: 1e5, max_lr: 1e9, steps: 24, seeds: 2, extend: false}
""",
    "no-rate": """\
model: {name: mlp, hidden: [8]}
data: {name: classification, classes: 3, features: 4, rows: 200, batch_size: 20}
optimizer: {name: sgd, learning_rate: 1e-9}
train: {steps: 50, schedule: inverse_time}
sweep: {min_lr: 1e-10, max_lr: 1e-8, steps: 24, seeds: 2, extend: false}
""",
    "own-step": """\
model: {target: "step.py:build"}
data: {target: "step.py:arrays", batch_size: 30}
train: {steps: 80, schedule: {name: step, factor: 0.1}}
"""
    + CONFIRMED,
    "own-loss": """\
model: {target: "autoencoder.py:build"}
data: {target: "autoencoder.py:batches", validation: "autoencoder.py:held_out"}
optimizer: {name: sgd, momentum: 0.9, learning_rate: 1e-2}
train: {steps: 80, schedule: cosine_restarts}
"""
    + CONFIRMED,
    "own-network": """\
model: {target: "network.py:build", kwargs: {width: 8}}
data: {name: digits}
loss: {target: "losses.py:focal", kwargs: {gamma: 1.5}}
optimizer: {target: "losses.py:make", kwargs: {decay: 1e-3}, learning_rate: 1e-2}
train: {steps: 80, schedule: {name: scheduled_drop, at: [40], factors: [0.1]}}
"""
    + SWEEP,
}
"""All configs lie in every scenario's folder as NAME.yaml, with the code and data files of the shipped ones."""

BROKEN = {
    "not-yaml": "model: {name: mlp\ndata: [",
    "unknown-keys": "model: {name: mpl}\ndata: {name: digits, batch: 3}\noptimizer: {name: adm, learning_rate: fast}\n",
    "wrong-values": "model: {name: linear}\ndata: {name: digits, batch_size: 0}\noptimizer: {name: sgd, momentum: 2}\n"
    "sweep: {min_lr: 1, max_lr: 1e-3}\ntrain: {steps: -1, schedule: {name: cosine, power: 2}}\n",
    "no-file": "model: {name: linear}\ndata: {name: csv, path: nowhere.csv, targets: y}\noptimizer: {name: sgd}\n",
    "no-fit": "model: {name: transformer}\ndata: {name: digits}\noptimizer: {name: sgd}\n",
    "no-target": 'model: {target: "nowhere.py:build"}\ndata: {name: digits}\noptimizer: {name: sgd}\n',
    "no-name": 'model: {target: "step.py:bild"}\ndata: {name: digits}\n',
    "empty": "",
}

LOGS = {
    "log.csv": "epoch,loss,val_loss,lr\n"
    + "".join(f"{i},{2 * 0.7**i + 0.1:.5f},{2 * 0.7**i + 0.2 + 0.02 * i:.5f},0.1\n" for i in range(30)),
    "log.jsonl": "".join(f'{{"step": {10 * i}, "train_loss": {1 + 0.3**i:.6f}}}\n' for i in range(40)),
    "bad.csv": "a,b\n1,x\n2,y\n",
}


def sweep(name: str, *options: str) -> Command:
    """A sweep into the run directory ``run``, with a figure."""
    return Command(" ".join(("sweep", f"{name}.yaml", "--out run", "--plot sweep.svg", *options)))


def formats(line: str, *leave_out: str) -> list[Command]:
    """A command in every format."""
    return [Command(f"{line} --format {form}") for form in FORMATS if form not in leave_out]


def swept(name: str) -> list[Command]:
    """A sweep, and all that can be made of it."""
    return [sweep(name, "--json"), *formats("report run")]


def trained(name: str, *options: str) -> list[Command]:
    """A training, and all that can be made of it."""
    line = " ".join(("train", f"{name}.yaml", "--out trained", "--plot train.svg", *options))
    return [Command(line), *formats("report trained")]


FIRST: dict[str, list[Command]] = {
    "mlp": [
        *swept("mlp"),
        *trained("mlp", "--use run"),
        *formats("check mlp.yaml --run run"),
        Command("report run --advice"),
        Command("report run --advice --json"),
        Command("report run --plot again.svg --out copy"),
        Command("train mlp.yaml --out trained-2 --schedule linear --lr 3 --steps 30 --json"),
        Command("check mlp.yaml --run run --baseline run/result.json --max-drift 2 --ignore seeds-agree --warn learns"),
        Command("diagnose trained/train.csv --json"),
        Command("compare run trained"),
    ],
    "linear": [
        *swept("linear"),
        *trained("linear", "--schedule reduce_on_plateau", "--steps 60"),
        *formats("sweep linear.yaml --steps 20 --no-plot --out again"),
        *formats("train linear.yaml --steps 20 --no-plot --out short"),
        *formats("check linear.yaml --steps 20 --out checked"),
        Command("sweep linear.yaml --steps 20 --seeds 1 --method valley --seed 5 --write --out written --plot a.png"),
        Command("sweep - --set data.batch_size=16 --no-plot --quiet --out piped", stdin=CONFIGS["linear"]),
        Command("sweep linear.yaml --effort quick --min-lr 1e-4 --max-lr 1 --steps 20 --set sweep.ladder=linear"),
        Command("sweep linear.yaml mlp.yaml --no-confirm --steps 20 --seeds 1 --json --out both"),
        Command("compare linear.yaml --optimizers sgd,adam --steps 20 --seeds 1 --out ways --plot ways.svg"),
    ],
    "killed": [  # A config whose journal is written by one thread.
        Command("sweep table.yaml --out run --json", kill_at=3, run="run"),
        *formats("report run"),
        Command("sweep table.yaml --out run --json", kill_at=14, run="run"),
        *formats("report run"),
        Command("sweep table.yaml --out run --json"),
        Command("train mlp.yaml --steps 300 --out trained", kill_at=4, run="trained"),
        *formats("report trained"),
        Command("train mlp.yaml --steps 300 --out trained"),
    ],
    "table": [*swept("table"), *trained("table"), Command("check table.yaml --run run --json")],
    "cnn": [*swept("cnn"), *trained("cnn")],
    "transformer": [*swept("transformer"), *trained("transformer")],
    "groups": [*swept("groups"), *trained("groups")],
    "bfloat16": [*swept("bfloat16"), *trained("bfloat16")],
    "regression": [*swept("regression"), *trained("regression"), *formats("check regression.yaml --run run")],
    "diverging": [*swept("diverging"), *trained("diverging"), *formats("check diverging.yaml --run run")],
    "no-rate": [*swept("no-rate"), *trained("no-rate"), *formats("check no-rate.yaml --run run")],
    "own-step": [*swept("own-step"), Command("train own-step.yaml --lr 0.1 --out trained --fail-on too-slow --json")],
    "own-loss": [*swept("own-loss"), *trained("own-loss")],
    "own-network": [*swept("own-network"), Command("train own-network.yaml --out trained --no-plot")],
    "dry-runs": [
        *(Command(f"sweep {name}.yaml --dry-run --json") for name in ("mlp", "cnn", "own-step", "own-loss")),
        Command("sweep mlp.yaml --dry-run"),
        Command("train mlp.yaml --dry-run"),
        Command("check mlp.yaml --dry-run"),
    ],
    "logs": [
        *formats("diagnose log.csv"),
        Command("diagnose log.jsonl"),
        Command("diagnose log.csv --loss-column val_loss --fail-on overfitting"),
        Command("diagnose -", stdin=LOGS["log.csv"]),
        Command("diagnose bad.csv"),
        Command("diagnose bad.csv --json"),
        Command("diagnose nowhere.csv"),
    ],
    "printed": [
        Command("--help"),
        Command("--version"),
        Command("nothing"),
        *(Command(f"{command} --help") for command in COMMANDS),
        Command("list"),
        Command("list --json"),
        *(Command(f"list {kind}") for kind in KINDS),
        *(Command(f"list {kind} --json") for kind in KINDS),
        Command("list schedules --plot"),
        Command("list schedules --plot --output schedules.svg"),
        Command("list nothing"),
        Command("explain"),
        *(Command(f"explain {page}") for page in PAGES),
        Command("explain nothing"),
        Command("schema"),
        Command("init -"),
        Command("init started.yaml"),
        Command("init started.yaml"),
        Command("init started.yaml --force"),
    ],
    "errors": [
        *(Command(f"sweep {name}.yaml") for name in BROKEN),
        Command("sweep wrong-values.yaml unknown-keys.yaml --json"),
        *formats("check wrong-values.yaml"),
        Command("train unknown-keys.yaml"),
        Command("train own-step.yaml"),
        Command("sweep nowhere.yaml"),
        Command("sweep mlp.yaml --set model.hidden=-1 --set optimizer.name=adamm"),
        Command("sweep mlp.yaml --steps 0"),
        Command("sweep mlp.yaml --format xml"),
        Command("sweep mlp.yaml --plot figure.bmp"),
        Command("report nowhere"),
        Command("compare nowhere linear.yaml"),
        Command("check mlp.yaml --run nowhere"),
        Command("train mlp.yaml --use nowhere"),
    ],
}
"""Scenarios that need no other."""

LAST: dict[str, list[Command]] = {
    "compared": [
        *formats("compare ../mlp/run ../table/run ../regression/run ../no-rate/run --plot runs.svg"),
        *formats("compare ../mlp/trained ../linear/trained ../diverging/trained --plot trained.svg"),
        Command("compare ../mlp/run ../own-step/run/result.json"),
        Command("check mlp.yaml --run ../linear/run"),
    ],
}
"""Scenarios that use the runs of others."""
