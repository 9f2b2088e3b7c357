"""What `lrfind train` does: a config in, a training and its diagnosis out."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from lrfind.cli.commands.diagnose import deliver, exit_code, ids
from lrfind.cli.delivery import look_of, of_error, say_what_ran, summarise
from lrfind.cli.import_policy import import_policy
from lrfind.cli.load_configs import load_with
from lrfind.cli.measure_options import RunOptions
from lrfind.cli.options import Format
from lrfind.cli.outputs import RUNS, check_apart, check_config, check_files, check_plot, starting_folder
from lrfind.cli.progress import LineProgress, parting, watcher
from lrfind.cli.terminal import Interruption, apart, exit_message, interruptible, results, say, screen, show_error
from lrfind.core.errors import ConfigError, ExitCode, InputError, LrfindError, OwnCodeError
from lrfind.task.user_code.tracebacks import failure_of

if TYPE_CHECKING:
    from lrfind.config.load import Loaded
    from lrfind.core.training import Training
    from lrfind.runs.callbacks import Timer
    from lrfind.runs.sweep import Options
    from lrfind.runs.train import Peak

TITLE = "lrfind train"

KEYS = {
    "--lr": "optimizer.learning_rate",
    "--schedule": "train.schedule",
    "--steps": "train.steps",
    "--seed": "seed",
}
"""Options that stand for a config key."""


@dataclass(frozen=True, kw_only=True)
class TrainWishes(RunOptions):
    """The options of `lrfind train`."""

    use: Path | None
    fail_on: Sequence[str]


class TrainJob:
    """One training.

    Args:
        config: file name; ``-`` for standard input.
        wishes: the options.
    """

    def __init__(self, config: str, wishes: TrainWishes) -> None:
        self.config = config
        self.wishes = wishes
        self.start = starting_folder()
        self._checked = False
        self._plot = b""
        self._narration: LineProgress | None = None
        self._interruption = Interruption()

    def run(self) -> ExitCode:
        """Do it all; returns the exit code. Shows every error, so none leaves here."""
        try:
            with apart(), interruptible(self._leave) as self._interruption:
                wanted = ids(self.wishes.fail_on)
                self._check()
                loaded = self._load()
                check_config(self._outputs, self.config, loaded, self.wishes.overrides)
                self._checked = True
                try:
                    if self.wishes.dry_run:
                        return self._dry_run(loaded)
                    training, files = self._train(loaded)
                    self._interruption.confirm(training.status)
                except ConfigError:
                    raise
                except InputError as error:
                    raise (ConfigError([loaded.locate(error)]) if error.key else error) from error
                self._interruption.waits = True
                self._deliver(loaded, training, files)
                return self._interruption.code or exit_code(training.findings, wanted)
        except BaseException as error:
            failure = failure_of(error)
            if self._interruption.code is not None and isinstance(failure, OwnCodeError):
                say(parting(self._narration, self._interruption))
                return self._interruption.code
            return self._fail(failure)

    def _fail(self, error: LrfindError) -> ExitCode:
        """Say what went wrong, in a form for CI as well."""
        writes = self._checked or self.wishes.output is None
        if writes and (shown := of_error(self.config, error, self.wishes.form, TITLE)):
            with suppress(LrfindError):  # Where it cannot be written, that is what is said below.
                deliver(shown, self.wishes.output, self.start)
        return show_error(error, debug=self.wishes.debug)

    def _leave(self) -> None:
        """The last words of a process that a signal ends at once."""
        exit_message(parting(self._narration, self._interruption))

    def _check(self) -> None:
        """Refuse what could only fail after the training."""
        wishes = self.wishes
        if wishes.use is not None and "--lr" in wishes.flags:
            raise InputError("--use and --lr both name a rate; leave one out")
        check_plot(wishes.plot, draws=wishes.draws)
        check_files(self._outputs, [self.config], "the config")
        check_files(self._outputs, [*filter(None, [wishes.use])], "what is read")
        check_apart(self._outputs, [*filter(None, [wishes.out])])

    @property
    def _outputs(self) -> dict[str, Path | None]:
        """The files besides the run directory that are asked for, by option."""
        return {"--plot": self.wishes.plot, "--output": self.wishes.output}

    def _load(self) -> Loaded:
        flags = self.wishes.flags
        more = ["train.epochs=null"] if "--steps" in flags else []
        return load_with(self.config, self.wishes.overrides, flags, KEYS, more)

    def _peak(self, loaded: Loaded) -> Peak:
        """The rate to train at."""
        from lrfind.runs.train import Peak

        if self.wishes.use is not None:
            from lrfind.cli.recommended_rate import recommended

            return recommended(self.wishes.use)
        rate = loaded.config.optimizer.learning_rate
        if rate is None:
            raise InputError(
                "the config has no optimizer.learning_rate to train at; set it, or use --lr, or --use with a run of "
                "`lrfind sweep`",
                key="optimizer",
            )
        return Peak(rate, "--lr" if "--lr" in self.wishes.flags else "optimizer.learning_rate")

    def _options(self, loaded: Loaded) -> Options:
        from lrfind.runs.sweep import Options

        wishes = self.wishes
        return Options(
            out=wishes.out,
            runs=RUNS,
            start=self.start,
            fresh=wishes.fresh,
            device=wishes.device,
            cache=wishes.cache,
            policy=import_policy(loaded, wishes),
        )

    def _train(self, loaded: Loaded) -> tuple[Training, list[Path]]:
        from lrfind.runs.callbacks import Timer
        from lrfind.runs.train import train
        from lrfind.storage.run_directory import write

        wishes = self.wishes
        peak = self._peak(loaded)
        looks = screen(sys.stderr, color=wishes.color)
        self._narration = watcher(
            f"{loaded.name}-train", self._interruption, named=wishes.out is not None, quiet=wishes.quiet, screen=looks
        )
        if wishes.draws:
            Thread(target=import_drawing, daemon=True).start()
        options = self._options(loaded)
        try:
            with self._narration as narration:
                training, files = train(loaded.config, loaded.name, peak, self._render, options, narration, Timer())
        finally:
            with suppress(OSError):
                os.chdir(self.start)  # The user's code may have gone elsewhere.
        if wishes.plot is not None:
            write(self.start / wishes.plot, self._plot, wishes.plot)
        if training.status == "interrupted":
            say(f"lrfind: interrupted; what was measured is in {narration.path}")
        return training, files

    def _render(self, training: Training, timer: Timer) -> tuple[Training, dict[str, bytes]]:
        """The files of a training; train.json comes last, as the sign that all are there."""
        from lrfind.cli.commands.report import beside_training
        from lrfind.report.train import training_json
        from lrfind.storage.layout import TRAIN

        with timer("render"):
            files = beside_training(training, draws=self.wishes.draws)
            if self.wishes.plot is not None:
                from lrfind.report.plots.training_figure import draw

                self._plot = draw(training, self.wishes.plot.suffix.removeprefix(".").lower())  # type: ignore[arg-type]
        training = replace(training, timing={**training.timing, "render": timer.spent["render"], "total": timer.total})
        files[TRAIN] = training_json.to_json(training).encode()
        return training, files

    def _deliver(self, loaded: Loaded, training: Training, files: Sequence[Path]) -> None:
        """The report, to stdout or --output."""
        wishes = self.wishes
        from lrfind.report.render import render

        look = look_of(
            screen(results(), color=wishes.color),
            wishes.output,
            draws=wishes.draws,
            files=tuple(map(str, files)),
            where=loaded.where,
            positions=loaded.positions,
            fail_on=ids(wishes.fail_on),
            title=TITLE,
        )
        shown = render(training, wishes.form, look)
        deliver(shown, wishes.output, self.start)
        if wishes.form is Format.github:
            summarise(render(training, Format.markdown, look))

    def _dry_run(self, loaded: Loaded) -> ExitCode:
        """Check config and data, and say what the training would take."""
        from lrfind.runs.callbacks import Timer
        from lrfind.runs.dry_run import dry_run

        looks = screen(sys.stderr, color=self.wishes.color)
        self._narration = watcher(loaded.name, self._interruption, named=True, quiet=self.wishes.quiet, screen=looks)
        with self._narration as narration:
            try:
                facts = dry_run(loaded.config, self._peak(loaded), self._options(loaded), narration, Timer())
            finally:
                if not self.wishes.quiet:
                    say_what_ran(loaded.config)
        from lrfind.core.dry_run import DryRun
        from lrfind.report.look import Look
        from lrfind.report.render import render

        shown = render(DryRun(loaded.name, facts), self.wishes.form, Look())
        deliver(shown, self.wishes.output, self.start)
        return ExitCode.DONE


def import_drawing() -> None:
    """Import what draws while JAX compiles, which it does outside of Python's lock."""
