"""fastai's `Learner.lr_find`.

`fastai.vision` needs torchvision, the rest does not: the learner and the schedule callbacks (which add `lr_find`) are
imported from their own modules, which is also faster than the documented `from fastai.basics import *`.
"""

from functools import partial

import fastai.callback.schedule  # noqa: F401  adds Learner.lr_find
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from fastai.optimizer import SGD, Adam
from matplotlib import pyplot as plt
from task import read

task = read()
momentum, decay = task.section.get("momentum", 0.0), task.section.get("weight_decay", 0.0)
# fastai's Adam decays weights as AdamW does.
optimizer = {"adam": Adam, "adamw": partial(Adam, wd=decay), "sgd": partial(SGD, mom=momentum)}[task.section["name"]]
learner = Learner(
    DataLoaders(task.loader, task.loader), task.model, loss_func=task.criterion, opt_func=optimizer, path=task.out
)
with learner.no_bar():  # a progress bar is no part of a finder, and costs time
    suggestion = learner.lr_find(start_lr=task.min_lr, end_lr=task.max_lr, num_it=task.steps)
plt.savefig(task.plot)
print(f"suggestion {suggestion.valley:.3g} after {len(learner.recorder.losses)} steps")
