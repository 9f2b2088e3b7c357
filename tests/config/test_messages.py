"""Bad configs and the exact sentences they get: one table, read like a page of documentation."""

from __future__ import annotations

import pytest

from lrfind.config.load import load
from lrfind.core.errors import ConfigError

HEAD = "model: {name: linear}\ndata: {name: digits}\noptimizer: {name: sgd}\n"

# What is added below HEAD (from line 4 on), and what is said.
ADDED = {
    "seed: -1": "4:1: seed: must be a whole number of at least 0; got -1",
    "seed: 1.5": "4:1: seed: must be a whole number of at least 0; got 1.5",
    "seed: true": "4:1: seed: must be a whole number of at least 0; got true",
    "seed: 99999999999999999999": "4:1: seed: must be a whole number from 0 to 2,147,483,647; "
    "got a number of more than 15 digits",
    "seed:": "4:1: seed: must be a whole number of at least 0; got nothing (remove the line to have the default)",
    "train: {steps: '100'}": "4:9: train.steps: must be a whole number of at least 1; got '100' (drop the quotes)",
    "train: {steps: 1_000}": "4:9: train.steps: must be a whole number of at least 1; got '1_000' (write 1000)",
    "train: {steps: 1e3}": "4:9: train.steps: must be a whole number of at least 1; got 1000.0 (write 1000)",
    "train: {steps: 10, epochs: 1}": "4:20: train.epochs: cannot be given beside steps; keep one of the two",
    "train: {steps: null}": "4:9: train.steps: must be a number where epochs is not given",
    "train: {steps: 10, schedule: {name: cosine, warmup_steps: 10}}": "4:45: train.schedule.warmup_steps: "
    "must be less than the 10 steps of the training; got 10",
    "train: {schedule: cosin}": "4:9: train.schedule.name: must be one of constant, cosine, cosine_restarts, "
    "exponential, inverse_time, linear, one_cycle, polynomial, reduce_on_plateau, scheduled_drop, step, triangular; "
    "got 'cosin' (did you mean 'cosine'?)",
    "train: {warmup_steps: 5}": "4:9: train.warmup_steps: unknown key here: warmup_steps belongs in train.schedule; "
    "known here: steps, epochs, schedule",
    "train: 100": "4:1: train: must be a section of keys; got 100",
    "sweep: {min_lr: .nan}": "4:9: sweep.min_lr: must be a number above 0; got nan (not a number)",
    "sweep: {max_lr: .inf}": "4:9: sweep.max_lr: must be a number above 0; got inf (infinity)",
    "sweep: {min_lr: 0}": "4:9: sweep.min_lr: must be a number above 0; got 0",
    "sweep: {max_lr: 1e300}": "4:9: sweep.max_lr: must be from 1e-30 to 1e+30, as weights are float32; got 1e+300",
    "sweep: {min_lr: 1e-300}": "4:9: sweep.min_lr: must be from 1e-30 to 1e+30, as weights are float32; got 1e-300",
    "sweep: {min_lr: 1, max_lr: 1.05}": "4:20: sweep.max_lr: must be above min_lr, 1, by a factor of 1.1 at least; "
    "got 1.05",
    "sweep: {min_lr: 20}": "4:9: sweep.min_lr: must be below max_lr, 10 by default; got 20",
    "sweep: {min_lr: 1, max_lr: 1}": "4:20: sweep.max_lr: must be above min_lr, 1; got 1",
    "sweep: {extend: yes}": "4:9: sweep.extend: must be true or false; got 'yes' (in YAML 1.2 that is text)",
    "sweep: {extend: 1}": "4:9: sweep.extend: must be true or false; got 1 (write true)",
    "sweep: {steps: 5}": "4:9: sweep.steps: must be a whole number from 10 to 100,000; got 5 "
    "(fewer make no curve to read, more are a training)",
    "sweep: {method: steep}": "4:9: sweep.method: must be one of steepest, valley, minimum, slide; got 'steep' "
    "(did you mean 'steepest'?)",
    "loss: 5": "4:1: loss: must be one of cross_entropy, binary_cross_entropy, mse, mae, huber; got 5",
    "lr: 1": "4:1: lr: unknown key here: learning_rate belongs in optimizer; "
    "known here: seed, model, data, loss, optimizer, train, precision, sweep, confirm, check",
    "sweeep: {}": "4:1: sweeep: unknown key (did you mean 'sweep'?); "
    "known here: seed, model, data, loss, optimizer, train, precision, sweep, confirm, check",
    "confirm: {budget: 0}": "4:11: confirm.budget: must be a whole number of at least 1; got 0",
    "confirm: {budget: 1e4}": "4:11: confirm.budget: must be a whole number of at least 1; got 10000.0 (write 10000)",
    "confirm: {max_seconds: 0}": "4:11: confirm.max_seconds: must be a number above 0; got 0",
    "confirm: {enabled: no}": "4:11: confirm.enabled: must be true or false; got 'no' (in YAML 1.2 that is text)",
    "confirm: {enable: false}": "4:11: confirm.enable: unknown key (did you mean 'enabled'?); "
    "known here: enabled, budget, max_seconds",
    "confirm: false": "4:1: confirm: must be a section of keys; got false",
    "precision: bf16": "4:1: precision: must be one of float32, bfloat16; got 'bf16' (did you mean 'bfloat16'?)",
    "dtype: bfloat16": "4:1: dtype: unknown key (did you mean 'precision'?)",
    "budget: 100": "4:1: budget: unknown key here: budget belongs in confirm; "
    "known here: seed, model, data, loss, optimizer, train, precision, sweep, confirm, check",
    "model: {name: mlp}": "4:1: model: given twice; first on line 1",
    "seed: !!int 3": "4:1: seed: has a tag; values are plain text, numbers, true, false, lists and sections",
    "1: 2": "4:1: a key must be plain text",
    "sweep: {<<: {steps: 3}}": "4:9: sweep: '<<' is not part of YAML 1.2; write the keys out",
    "seed: 0\n---\nseed: 1": "5:1: a second document starts here; a config is one document",
    "seed: *s": "4:7: *s stands for nothing: there is no &s before it",
    "seed: &s [*s]": "4:11: *s would contain itself",
    "seed: [1": "4:7: not YAML: the list that starts here is not closed by a ']', or a ',' is missing in it",
    "\tseed: 1": "4:1: not YAML: a tab: YAML indents with spaces",
    "seed: 1: 2": "4:8: not YAML: a ': ' where no key can be: check the indentation, or put the text in quotes",
    'seed: "1': "4:7: not YAML: a quote that is opened but not closed",
    "seed: @x": "4:7: not YAML: a character that cannot start a value: put the text in quotes",
}  # fmt: skip

# An optimizer on line 3, and what is said.
OPTIMIZER = {
    "{name: lbfgs}": "3:13: optimizer.name: lbfgs is not to be swept: its line search evaluates the loss at other "
    "weights within a step, and chooses the rate itself",
    "{name: adm}": "3:13: optimizer.name: must be one of the 43 optimizers of `lrfind list optimizers`; got 'adm' "
    "(did you mean 'adam'?)",
    "{name: sgd, groups: {0.*: 0}}": "3:33: optimizer.groups.0.*: must be a number above 0 and of at most 1,000; got 0 "
    "(what is not to move belongs in frozen)",
    "{name: sgd, groups: 0.1}": "3:24: optimizer.groups: must be a section of keys; got 0.1",
    "{name: sgd, frozen: 0.*}": "3:24: optimizer.frozen: must be a list of text that is not empty; got '0.*' "
    "(write [0.*])",
    "{name: sgd, frozen: [3]}": "3:33: optimizer.frozen.0: must be text that is not empty; got 3 (put it in quotes)",
    "{name: sgd, frozen: [*.bias]}": "3:33: *.bias stands for nothing: there is no &.bias before it (a text that "
    "begins with * needs quotes: '*.bias')",
    "{name: sgd, decayed: weights}": "3:24: optimizer.decayed: must be all: sgd has no weight decay",
    "{name: novograd, decayed: weights}": "3:29: optimizer.decayed: must be all: optax's novograd decays every weight "
    "alike",
    "{name: muon, decayed: weights}": "3:25: optimizer.decayed: must be all: muon decays matrices by weight_decay and "
    "the rest by adam_weight_decay",
    "{name: adamw, decayed: bias}": "3:26: optimizer.decayed: must be one of all, weights; got 'bias'",
    "{name: prodigy, betas: [0.9]}": "3:28: optimizer.betas: must be a list of 2, a number of at least 0 and below 1 "
    "and a number of at least 0 and below 1; got a list",
    "{name: adam, b1: 1.5}": "3:25: optimizer.b1: must be a number of at least 0 and below 1; got 1.5",
    "{name: sgd, momentum: 1}": "3:24: optimizer.momentum: must be a number of at least 0 and below 1; got 1",
    "{name: adamw, weight_decay: -0.1}": "3:26: optimizer.weight_decay: must be a number of at least 0; got -0.1",
    "{name: muon, ns_steps: 0}": "3:25: optimizer.ns_steps: must be a whole number of at least 1; got 0",
    "{name: dog, init_step: [far, 1e-6]}": "3:24: optimizer.init_step: must be a list of 2, one of heuristic, "
    "distance, learning_rate and a number; got a list",
    "{name: polyak_sgd, variant: x}": "3:31: optimizer.variant: must be one of sps, sps+; got 'x'",
}

# Whole documents, and what is said.
WHOLE = {
    "": ["is empty; `lrfind init` writes a config to start from"],
    "# nothing": ["is empty; `lrfind init` writes a config to start from"],
    "%YAML 1.3\n---\nseed: 1": ["1:1: not YAML: a version that there is not; write %YAML 1.2, or leave it out"],
    "%YAML 2.0\n---\nseed: 1": ["1:1: not YAML: a version that there is not; write %YAML 1.2, or leave it out"],
    "- 1": ["must be sections with keys (model, data, optimizer, ...)"],
    "seed: 1": [
        "model: missing: a section such as {name: linear}",
        "data: missing: a section such as {name: digits}",
        "optimizer: missing: a section such as {name: adamw}",
    ],
    "model: mlp\ndata:\noptimizer: {}": [
        "1:1: model: must be a section of keys; got 'mlp' (write {name: mlp})",
        "2:1: data: must be a section of keys; got nothing",
        "3:1: optimizer.name: missing: one of the 43 optimizers of `lrfind list optimizers`",
    ],
    "model: {name: mpl, hidden: 128, activation: rel, width: 3}\n"
    "data: {name: npz, batch_size: '64', validation_fraction: 1}\n"
    "optimizer: {name: adam, b1: yes, weight_decay: 1, nesterov: 1, learning_rate: 0}": [
        "1:9: model.name: must be one of cnn, linear, mlp, resnet, transformer; got 'mpl' (did you mean 'mlp'?)",
        "1:20: model.hidden: must be a list of whole numbers from 1 to 1,000,000; got 128 (write [128])",
        "1:33: model.activation: must be one of relu, gelu, tanh, silu; got 'rel' (did you mean 'relu'?)",
        "1:50: model.width: unknown key here: width belongs in model (of resnet, transformer); 'mlp' has hidden, "
        "activation, norm, dropout",
        "2:1: data.path: missing: the file, relative to the config (of --set: to the working directory)",
        "2:19: data.batch_size: must be a whole number of at least 1; got '64' (drop the quotes)",
        "2:37: data.validation_fraction: must be a number of at least 0 and below 1; got 1",
        "3:25: optimizer.b1: must be a number of at least 0 and below 1; got 'yes'",
        "3:34: optimizer.weight_decay: unknown key; optimizer 'adam' has learning_rate, clip_norm, accumulate, "
        "decayed, groups, frozen, b1, b2, eps, eps_root, nesterov",
        "3:51: optimizer.nesterov: must be true or false; got 1 (write true)",
        "3:64: optimizer.learning_rate: must be a number above 0; got 0",
    ],
    "model: {name: perceptron, hiden: [3], hidden: [0]}\ndata: {name: digits}\noptimizer: {name: sgd}": [
        "1:9: model.name: must be one of cnn, linear, mlp, resnet, transformer; got 'perceptron'",
        "1:27: model.hiden: unknown key (did you mean 'hidden'?); known here: channels, norm, hidden, activation, "
        "dropout, stages, width, layers, heads, context",
        "1:48: model.hidden.0: must be a whole number from 1 to 1,000,000; got 0",
    ],
    HEAD + "train: {steps: x, epochs: 3, schedule: {name: cosine, warmup_steps: 2000}}\n"
    "sweep: {min_lr: x, max_lr: 1e-9}": [
        "4:9: train.steps: must be a whole number of at least 1; got 'x'",
        "5:9: sweep.min_lr: must be a number above 0; got 'x'",
    ],
    HEAD + "seed: 1\nseed: 2\nseed: 3\nmodel: {name: mlp}": [
        "5:1: seed: given twice; first on line 4",
        "6:1: seed: given twice; first on line 4",
        "7:1: model: given twice; first on line 1",
    ],
}  # fmt: skip


def said(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load("-", stdin_text=text)
    problems = [str(problem) for problem in caught.value.problems]
    assert all(line.startswith(("stdin:", "stdin: ")) for line in problems)
    return [line.removeprefix("stdin:").strip() for line in problems]


@pytest.mark.parametrize("text", ADDED)
def test_one_thing_wrong(text: str) -> None:
    assert said(HEAD + text) == [ADDED[text]]


@pytest.mark.parametrize("section", OPTIMIZER)
def test_one_thing_wrong_with_the_optimizer(section: str) -> None:
    head, _, _ = HEAD.partition("optimizer")
    assert said(f"{head}optimizer: {section}") == [OPTIMIZER[section]]


@pytest.mark.parametrize("text", WHOLE)
def test_all_that_is_wrong_at_once(text: str) -> None:
    assert said(text) == WHOLE[text]


def test_bombs_are_refused_quickly() -> None:
    laughs = "a0: &a0 [lol, lol]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 20))
    assert "more than 10,000 values" in said(laughs)[0]
    assert said("[" * 50_000) == ["1:34: nested more than 32 levels deep"]
    assert "nested more than 32 levels deep" in said("a: " + "{a: " * 50_000)[0]
    assert "more than 10,000 values" in said("[" + "1, " * 20_000 + "]")[0]
    tower = "a0: &a0 [1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 40))
    assert "nested more than 32 levels deep" in said(tower)[0]


def test_numbers_too_long_to_read() -> None:
    found = said(HEAD + f"seed: {'9' * 5000}\n")
    assert found == ["4:1: seed: is a number of too many digits"]
