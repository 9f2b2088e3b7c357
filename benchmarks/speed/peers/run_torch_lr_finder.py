"""torch-lr-finder, as its README shows it."""

from matplotlib import pyplot as plt
from task import read
from torch_lr_finder import LRFinder

task = read()
optimizer = task.optimizer(task.model.parameters(), lr=task.min_lr)
finder = LRFinder(task.model, optimizer, task.criterion, device="cpu")
finder.range_test(task.loader, end_lr=task.max_lr, num_iter=task.steps)
figure, axes = plt.subplots()
_, suggestion = finder.plot(ax=axes)
figure.savefig(task.plot)
finder.reset()
print(f"suggestion {suggestion:.3g} after {len(finder.history['loss'])} steps")
