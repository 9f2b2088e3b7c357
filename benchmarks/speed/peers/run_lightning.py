"""Lightning's `Tuner.lr_find`, as its documentation shows it.

Logger, checkpoints, progress bar and model summary are off: they are no part of a finder, and cost time.
"""

import lightning as L
from lightning.pytorch.tuner import Tuner
from task import read

task = read()


class Module(L.LightningModule):
    """The task as a LightningModule."""

    def __init__(self) -> None:
        super().__init__()
        self.lr = task.min_lr
        self.model = task.model

    def training_step(self, batch, index):
        inputs, targets = batch
        return task.criterion(self.model(inputs), targets)

    def configure_optimizers(self):
        return task.optimizer(self.parameters(), lr=self.lr)


trainer = L.Trainer(
    accelerator="cpu",
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
    default_root_dir=task.out,
)
finder = Tuner(trainer).lr_find(
    Module(), train_dataloaders=task.loader, min_lr=task.min_lr, max_lr=task.max_lr, num_training=task.steps
)
figure = finder.plot(suggest=True)
figure.savefig(task.plot)
print(f"suggestion {finder.suggestion()} after {len(finder.results['loss'])} steps")
