"""`--dry-run`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import CONFIG, Lrfind


def test_text_says_what_it_would_take_and_leaves_nothing(lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "c.yaml", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    facts = {line.split("  ")[0]: line for line in ran.out.splitlines()}
    assert list(facts) == ["model", "data", "loss", "sweep", "confirm", "for", "memory", "time"]
    assert "610 parameters" in facts["model"]
    assert " MB " in facts["memory"]
    assert facts["confirm"].split() == ["confirm", "no"]
    assert facts["time"].endswith(" s")
    assert not Path("lrfind-runs").exists()


def test_names_send_nothing_to_the_terminal(lrfind: Lrfind) -> None:
    for name in ("\x1b[31mred.csv", "\x1b[31mred.yaml"):
        Path(name).write_text("a,y\n" + "1,0\n2,1\n" * 100, encoding="utf-8")
    data = 'data: {name: csv, path: "\\e[31mred.csv", targets: y, batch_size: 8}\n'
    Path("\x1b[31mred.yaml").write_text(f"model: {{name: linear}}\noptimizer: {{name: sgd}}\n{data}", encoding="utf-8")
    ran = lrfind("sweep", "\x1b[31mred.yaml", "c.yaml", "--dry-run")
    assert ran.code == 0
    assert ran.out.startswith("[31mred\n")
    assert "\x1b" not in ran.out


def test_json(lrfind: Lrfind) -> None:
    found = json.loads(lrfind("sweep", "c.yaml", "--dry-run", "--json").out)
    assert (found["status"], found["parameters"], found["lanes"]) == ("dry_run", 610, 2)
    assert found["memory_bytes"] > 4 * 610
    assert found["expected_seconds"] > 0


def test_the_confirmation_is_part_of_it(lrfind: Lrfind) -> None:
    alone = json.loads(lrfind("sweep", "c.yaml", "--dry-run", "--json").out)
    assert alone["confirm_steps"] == 0
    both = json.loads(lrfind("sweep", "c.yaml", "--dry-run", "--json", "--confirm").out)
    assert 2000 < both["confirm_steps"] < 3000 - 2 * 20
    text = lrfind("sweep", "c.yaml", "--dry-run", "--confirm").out
    assert f"confirm  at most {both['confirm_steps']:,} steps\n" in text
    long = json.loads(
        lrfind(
            "sweep",
            "c.yaml",
            "--dry-run",
            "--json",
            "--set",
            "confirm.enabled=true",
            "--set",
            "confirm.budget=1000000000",
            "--set",
            "train.steps=1000000",
        ).out
    )
    assert long["expected_seconds"] > both["expected_seconds"] + 60
    limited = json.loads(
        lrfind(
            "sweep",
            "c.yaml",
            "--dry-run",
            "--json",
            "--confirm",
            "--set",
            "train.steps=1000000",
            "--set",
            "confirm.budget=1000000000",
            "--set",
            "confirm.max_seconds=1",
        ).out
    )
    assert limited["expected_seconds"] < 60


def test_bad_data_is_found(lrfind: Lrfind) -> None:
    Path("gone.yaml").write_text(CONFIG.replace("name: digits", "name: npz, path: gone.npz"), encoding="utf-8")
    ran = lrfind("sweep", "gone.yaml", "--dry-run")
    assert ran.code == 2
    assert ran.err.startswith("lrfind: error: gone.yaml:2:19: data.path: there is no file ")


def test_a_training(lrfind: Lrfind) -> None:
    ran = lrfind("train", "c.yaml", "--lr", "1e-2", "--steps", "400", "--schedule", "cosine", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    facts = {line.split("  ")[0]: line for line in ran.out.splitlines()}
    assert list(facts) == ["model", "data", "loss", "train", "memory", "time"]
    assert facts["train"].startswith("train   400 steps at 1.0e-02 (cosine), looked at ")
    assert not Path("lrfind-runs").exists()
    found = json.loads(lrfind("train", "c.yaml", "--lr", "1e-2", "--steps", "400", "--dry-run", "--json").out)
    assert (found["status"], found["parameters"], found["train_steps"]) == ("dry_run", 610, 400)
    assert found["expected_seconds"] > 0


def test_a_training_is_looked_at_as_often_as_it_says(lrfind: Lrfind) -> None:
    arguments = ("train", "c.yaml", "--lr", "1e-2", "--steps", "60", "--json", "--quiet", "--no-plot")
    said = json.loads(lrfind(*arguments, "--dry-run").out)
    assert len(json.loads(lrfind(*arguments).out)["validation"]["step"]) == said["looks"]


def test_a_training_needs_a_rate(lrfind: Lrfind) -> None:
    ran = lrfind("train", "c.yaml", "--dry-run", "--output", "x.txt")
    assert ran.code == 2
    assert "no optimizer.learning_rate to train at" in ran.err
    assert not Path("x.txt").exists()


def test_variants_of_a_comparison(lrfind: Lrfind) -> None:
    ran = lrfind("compare", "c.yaml", "--optimizers", "sgd,adam", "--dry-run", "--json", "--quiet")
    assert ran.code == 0
    assert [each["config"] for each in json.loads(ran.out)] == ["sgd", "adam"]
    text = lrfind("compare", "c.yaml", "--batch-sizes", "32,64", "--dry-run", "--quiet").out
    assert text.startswith("batch-32\nmodel ")
    assert "\nbatch-64\nmodel " in text
    assert not Path("lrfind-runs").exists()
