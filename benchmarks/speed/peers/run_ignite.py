"""PyTorch Ignite's `FastaiLRFinder`, as its documentation shows it."""

from ignite.engine import create_supervised_trainer
from ignite.handlers import FastaiLRFinder
from task import read

task = read()
optimizer = task.optimizer(task.model.parameters(), lr=task.min_lr)
trainer = create_supervised_trainer(task.model, optimizer, task.criterion)
finder = FastaiLRFinder()
to_save = {"model": task.model, "optimizer": optimizer}
with finder.attach(trainer, to_save=to_save, num_iter=task.steps, end_lr=task.max_lr) as trainer_with_finder:
    trainer_with_finder.run(task.loader)
finder.plot().figure.savefig(task.plot)
try:
    suggestion = f"suggestion {finder.lr_suggestion():.3g}"
except RuntimeError:  # of curves that end at their lowest loss
    suggestion = "no suggestion"
print(f"{suggestion} after {len(finder.get_results()['loss'])} steps")
