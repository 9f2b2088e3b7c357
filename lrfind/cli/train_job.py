"""What `lrfind train` does: a config in, a training and its diagnosis out."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from lrfind.cli.diagnose import check_output, exit_code, ids
from lrfind.cli.door import door
from lrfind.cli.loading import load_with
from lrfind.cli.progress import Lines, watcher
from lrfind.cli.screen import Interruption, abandon, interruptible, put, report, say, screen
from lrfind.cli.train_forms import rendered
from lrfind.cli.wishes import PLOT_FORMATS
from lrfind.errors import ConfigError, ExitCode, InputError, LrfindError, RunError

if TYPE_CHECKING:
    from lrfind.cli.options import Format
    from lrfind.config.load import Loaded
    from lrfind.trace import Training
    from lrfind.train import Peak
    from lrfind.watch import Clock

KEYS = {
    "--lr": "optimizer.learning_rate",
    "--schedule": "train.schedule",
    "--steps": "train.steps",
    "--seed": "seed",
}
"""Options that stand for a config key."""


@dataclass(frozen=True)
class TrainWishes:
    """What the command line asked for; the fields are the options of `lrfind train`."""

    overrides: Sequence[str]
    flags: Mapping[str, Any]
    use: Path | None
    fail_on: Sequence[str]
    form: Format
    output: Path | None
    out: Path | None
    fresh: bool
    plot: Path | None
    draws: bool
    quiet: bool
    color: bool
    device: str | None
    allowed: Sequence[str]
    cache: bool
    debug: bool


class TrainJob:
    """One training.

    Args:
        config: file name; ``-`` for standard input.
        wishes: the options.
    """

    def __init__(self, config: str, wishes: TrainWishes) -> None:
        self.config = config
        self.wishes = wishes
        self._plot = b""
        self._narration: Lines | None = None
        self._interruption = Interruption()

    def run(self) -> ExitCode:
        """Do it all; returns the exit code. Shows every error, so none leaves here."""
        try:
            with interruptible(self._leave) as self._interruption:
                wanted = ids(self.wishes.fail_on)
                self._check()
                loaded = self._load()
                try:
                    training, files = self._train(loaded)
                except ConfigError:
                    raise
                except InputError as error:
                    raise (ConfigError([loaded.locate(error)]) if error.key else error) from error
                self._interruption.waits = True
                self._deliver(loaded, training, files)
                return self._interruption.code or exit_code(training.findings, wanted)
        except LrfindError as error:
            return report(error, debug=self.wishes.debug)
        except Exception as error:
            failure = RunError(f"a fault of lrfind: {type(error).__name__}: {error}; --debug shows where")
            failure.__cause__ = error
            return report(failure, debug=self.wishes.debug)

    def _leave(self) -> None:
        """The last words of a process that a signal ends at once."""
        path = self._narration.path if self._narration else None
        if self._interruption.waits and path is not None:
            abandon(f"lrfind: interrupted; what was measured is in the journal in {path}")
        else:
            abandon("lrfind: interrupted before anything was measured")

    def _check(self) -> None:
        """Refuse what could only fail after the training."""
        wishes = self.wishes
        check_output(wishes.output)
        if wishes.use is not None and "--lr" in wishes.flags:
            raise InputError("--use and --lr both name a rate; leave one out")
        if wishes.plot is None:
            return
        if not wishes.draws:
            raise InputError(f"--plot {wishes.plot} and --no-plot contradict each other; leave one out")
        if wishes.plot.suffix.removeprefix(".").lower() not in PLOT_FORMATS:
            raise InputError(f"--plot {wishes.plot}: the name must end in .png, .svg or .pdf")
        if not wishes.plot.parent.is_dir():
            raise InputError(f"--plot {wishes.plot}: there is no folder {wishes.plot.parent}")

    def _load(self) -> Loaded:
        flags = self.wishes.flags
        more = ["train.epochs=null"] if "--steps" in flags else []
        return load_with(self.config, self.wishes.overrides, flags, KEYS, more)

    def _peak(self, loaded: Loaded) -> Peak:
        """The rate to train at."""
        from lrfind.train import Peak

        if self.wishes.use is not None:
            return recommended(self.wishes.use)
        rate = loaded.config.optimizer.learning_rate
        if rate is None:
            raise InputError(
                "the config has no optimizer.learning_rate to train at; set it, or use --lr, or --use with a run of "
                "`lrfind sweep`",
                key="optimizer",
            )
        return Peak(rate, "--lr" if "--lr" in self.wishes.flags else "optimizer.learning_rate")

    def _train(self, loaded: Loaded) -> tuple[Training, list[Path]]:
        from lrfind.run import Options
        from lrfind.store import write
        from lrfind.train import train
        from lrfind.watch import Clock

        wishes = self.wishes
        peak = self._peak(loaded)
        options = Options(
            out=wishes.out,
            fresh=wishes.fresh,
            device=wishes.device,
            cache=wishes.cache,
            door=door(loaded, wishes.allowed),
        )
        looks = screen(sys.stderr, color=wishes.color)
        self._narration = watcher(
            f"{loaded.name}-train", self._interruption, named=wishes.out is not None, quiet=wishes.quiet, screen=looks
        )
        if wishes.draws:
            Thread(target=import_drawing, daemon=True).start()
        with self._narration as narration, redirect_stdout(sys.stderr):
            training, files = train(loaded.config, loaded.name, peak, self._render, options, narration, Clock())
        if wishes.plot is not None:
            write(wishes.plot, self._plot)
        if training.status == "interrupted":
            say(f"lrfind: interrupted; what was measured is in {narration.path}")
        return training, files

    def _render(self, training: Training, clock: Clock) -> tuple[Training, dict[str, bytes]]:
        """The files of a training; train.json comes last, as the sign that all are there."""
        from lrfind.folder import PLOT, ROWS, TRAIN
        from lrfind.report import train_records

        files = {ROWS: train_records.to_csv(training).encode()}
        with clock("render"):
            if self.wishes.draws:
                from lrfind.report.train_figure import draw

                files[PLOT] = draw(training, "png")
                if self.wishes.plot is not None:
                    self._plot = draw(training, self.wishes.plot.suffix.removeprefix(".").lower())  # type: ignore[arg-type]
        training = replace(training, timing={**training.timing, "render": clock.spent["render"], "total": clock.total})
        files[TRAIN] = train_records.to_json(training).encode()
        return training, files

    def _deliver(self, loaded: Loaded, training: Training, files: Sequence[Path]) -> None:
        """The report, to stdout or --output."""
        from lrfind.store import write

        wishes = self.wishes
        look = {"color": wishes.color, "draws": wishes.draws, "to_file": wishes.output is not None}
        shown = rendered(training, wishes.form, loaded.where, loaded.positions, files, **look)
        if self.wishes.output is not None:
            write(self.wishes.output, shown.encode())
        else:
            put(shown)


def import_drawing() -> None:
    """Import what draws while JAX compiles, which it does outside of Python's lock."""
    import lrfind.report.train_figure
    import lrfind.report.train_terminal  # noqa: F401


def recommended(run: Path) -> Peak:
    """The rate that a finished run recommends.

    Raises:
        InputError: there is no run, or it recommends none.
    """
    from lrfind.report.records import from_json
    from lrfind.store import RESULT
    from lrfind.train import Peak

    path = run / RESULT if run.is_dir() else run
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"--use {run}: {path.name} cannot be read: {error.strerror}; name the run directory of `lrfind sweep`"
        ) from None
    try:
        result = from_json(text)
    except InputError as error:
        raise InputError(f"--use {run}: {error}") from None
    rate = result.recommendation.learning_rate
    if rate is None:
        raise InputError(f"--use {run}: that run recommends no rate: {result.recommendation.reason}")
    return Peak(rate, f"the run in {run}")
