"""The packages themselves, for `--check-peers`; runs in their environment, not in lrfind's.

Reads ``{finder: [losses, ...]}`` from stdin, makes each package sweep a model whose loss is the list's next number,
whatever its weights are, and writes ``{finder: [{rate, used, recorded}, ...]}`` to stdout: its suggestion or null, the
rates it trained at, and those it recorded.
"""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout, suppress
from tempfile import TemporaryDirectory

import numpy as np
import torch
from matplotlib import use
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

use("agg")

STEPS = 100
BATCHES = 22
"""Batches of an epoch, so that the sweep goes over several."""


class Script:
    """A loss that is read out: calls give the losses in turn, with a zero gradient.

    Args:
        losses: shape (steps,), None where not finite.
    """

    def __init__(self, losses) -> None:
        self.losses = [float("nan") if value is None else value for value in losses]
        self.used = []
        self.rate = lambda: None

    def __call__(self, outputs, targets):
        loss = 0 * outputs.sum() + self.losses[min(len(self.used), len(self.losses) - 1)]
        self.used.append(self.rate())
        return loss


def parts(low):
    """A model, its optimiser and batches."""
    model = nn.Linear(1, 1)
    loader = DataLoader(TensorDataset(torch.ones(BATCHES, 1), torch.ones(BATCHES, 1)), batch_size=1)
    return model, torch.optim.SGD(model.parameters(), lr=low), loader


def fastai(name, script, folder):
    import fastai.callback.schedule as schedule
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.optimizer import SGD

    model, _, loader = parts(1e-7)
    learner = Learner(DataLoaders(loader, loader), model, loss_func=script, opt_func=SGD, path=folder)
    script.rate = lambda: float(learner.opt.hypers[-1]["lr"])
    found = None
    with learner.no_bar(), suppress(IndexError, ValueError, RuntimeError):
        found = learner.lr_find(suggest_funcs=(getattr(schedule, name),), show_plot=False)[0]
    return found, [float(rate) for rate in learner.recorder.lrs]


def lightning(_, script, folder):
    import lightning as L
    from lightning.pytorch.tuner import Tuner

    model, optimizer, loader = parts(1e-8)

    class Module(L.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.lr, self.model = 1e-8, model

        def training_step(self, batch, index):
            return script(self.model(batch[0]), batch[1])

        def configure_optimizers(self):
            return optimizer

    script.rate = lambda: optimizer.param_groups[0]["lr"]
    off = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    trainer = L.Trainer(accelerator="cpu", default_root_dir=folder, **off)
    finder = Tuner(trainer).lr_find(Module(), train_dataloaders=loader)
    return finder.suggestion(), finder.results["lr"]


def torch_lr_finder(_, script, folder):
    from torch_lr_finder import LRFinder

    model, optimizer, loader = parts(1e-7)
    script.rate = lambda: optimizer.param_groups[0]["lr"]
    finder = LRFinder(model, optimizer, script, device="cpu")
    finder.range_test(loader, end_lr=10, num_iter=STEPS)
    found = None
    with suppress(RuntimeError):
        found = finder.plot()[1]
    return found, finder.history["lr"]


def ignite(_, script, folder):
    from ignite.engine import create_supervised_trainer
    from ignite.handlers import FastaiLRFinder

    model, optimizer, loader = parts(1e-7)
    script.rate = lambda: optimizer.param_groups[0]["lr"]
    trainer, finder, found = create_supervised_trainer(model, optimizer, script), FastaiLRFinder(), None
    to_save = {"model": model, "optimizer": optimizer}
    with finder.attach(trainer, to_save=to_save, num_iter=STEPS, end_lr=10.0) as sweeping:
        sweeping.run(loader)
    with suppress(RuntimeError):
        found = finder.lr_suggestion()
    return found, finder.get_results()["lr"]


RUN = {
    "fastai valley": ("valley", fastai),
    "fastai steep": ("steep", fastai),
    "fastai minimum": ("minimum", fastai),
    "fastai slide": ("slide", fastai),
    "Lightning": ("", lightning),
    "torch-lr-finder": ("", torch_lr_finder),
    "ignite": ("", ignite),
}


def main() -> None:
    """Sweep each package over each list of losses."""
    answers = {}
    with redirect_stdout(sys.stderr), TemporaryDirectory() as folder:
        for name, curves in json.load(sys.stdin).items():
            answers[name] = []
            own, run = RUN[name]
            for losses in curves:
                script = Script(losses)
                rate, recorded = run(own, script, folder)
                recorded = np.array(recorded, float).tolist()
                answers[name].append({"rate": rate, "used": script.used, "recorded": recorded})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
