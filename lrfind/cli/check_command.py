"""What `lrfind check` does: configs in, verdicts out, one exit code."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrfind.cli.command import Job
from lrfind.cli.delivery import failure, summarise
from lrfind.cli.measure_options import MeasureOptions
from lrfind.cli.options import Format
from lrfind.cli.outputs import check_files
from lrfind.cli.terminal import say
from lrfind.core.errors import ConfigError, ExitCode, InputError, LrfindError, RunError
from lrfind.core.registry import VERDICTS, near

if TYPE_CHECKING:
    from lrfind.config.load import Loaded
    from lrfind.core.result import Result
    from lrfind.report.look import Look

RATE = "optimizer.learning_rate"


@dataclass(frozen=True)
class Gate:
    """What `lrfind check` was asked for besides a sweep.

    Attributes:
        run: a finished run to judge instead of a sweep; the folder of the runs of several configs.
        baseline: an earlier result, or its run directory; the folder of the runs of several configs.
        max_drift: factor by which the recommendation may have moved since; None for the default.
        warn: verdicts that warn where they would fail.
        ignore: verdicts to leave out.
    """

    run: Path | None = None
    baseline: Path | None = None
    max_drift: float | None = None
    warn: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


def refuse(gate: Gate, wishes: MeasureOptions) -> None:
    """Refuse what could only fail after the measuring.

    Raises:
        InputError: an unknown verdict, options that contradict each other, a factor that is none.
    """
    for option, ids in (("--warn", gate.warn), ("--ignore", gate.ignore)):
        for name in ids:
            if name not in VERDICTS:
                raise InputError(f"{option} {name}: no such verdict{near(name, VERDICTS)}; {', '.join(VERDICTS)}")
    if gate.max_drift is not None and gate.baseline is None:
        raise InputError("--max-drift has nothing to hold against; give --baseline result.json")
    if gate.max_drift is not None and not 1 <= gate.max_drift < math.inf:
        raise InputError(f"--max-drift {gate.max_drift:g}: must be a factor of at least 1")
    measuring = {"--out": wishes.out, "--fresh": wishes.fresh, "--device": wishes.device}
    measuring |= {"--dry-run": wishes.dry_run, "--plot": wishes.plot}
    given = [option for option, value in measuring.items() if value]
    if gate.run is not None and given:
        raise InputError(f"{given[0]} is about a sweep, and --run judges a finished one; leave one of them out")


class GateJob(Job):
    """Checks of one or more configs.

    Args:
        configs: file names; ``-`` for standard input.
        wishes: the options of a sweep.
        gate: the options of the gate.
    """

    def __init__(self, configs: Sequence[str], wishes: MeasureOptions, gate: Gate) -> None:
        super().__init__(configs, wishes)
        self.gate = gate
        self._baseline: Result | None = None

    def _check(self) -> None:
        super()._check()
        refuse(self.gate, self.wishes)
        read = [path for path in (self.gate.run, self.gate.baseline) if path is not None]
        check_files(self._outputs, read, "what is read")

    def _one(self, source: str) -> ExitCode:
        code = super()._one(source)
        return ExitCode.DONE if code is ExitCode.NO_RECOMMENDATION and self.wishes.exit_zero else code

    def _load(self, source: str) -> Loaded:
        """The config, which has to say its rate."""
        loaded = super()._load(source)
        if loaded.config.optimizer.learning_rate is None:
            message = "is left out: there is no rate to check; give it, or let lrfind sweep --write put one there"
            raise ConfigError([loaded.locate(InputError(message, key=RATE))])
        return loaded

    def _measure(self, source: str, loaded: Loaded) -> ExitCode:
        """Sweep, or take the finished run."""
        gate = self.gate
        self._baseline = None if gate.baseline is None else readable(self._of(gate.baseline, self._name), "--baseline")
        if gate.run is None:
            return super()._measure(source, loaded)
        folder = self._of(gate.run, self._name)
        result = readable(folder, "--run", loaded)
        return self._judge(loaded, result, folder if folder.is_dir() else folder.parent)

    def _of(self, path: Path, name: str) -> Path:
        """A path that an option names; of several configs, the run of one in it."""
        return path / name if len(self.configs) > 1 else path

    @property
    def _sets_table(self) -> bool:
        return False

    def _conclude(self, source: str, loaded: Loaded, result: Result, files: Sequence[Path]) -> ExitCode:
        del source
        if result.status == "interrupted":
            return ExitCode.DONE  # The signal decides how the process ends.
        return self._judge(loaded, result, files[0].parent)

    def _judge(self, loaded: Loaded, result: Result, folder: Path) -> ExitCode:
        """The verdicts on a result, kept and left in its run directory."""
        from lrfind.report.check.check_json import to_json
        from lrfind.runs import check as judge
        from lrfind.storage.run_directory import CHECK, add_files

        gate = self.gate
        check = judge.check(
            loaded,
            result,
            baseline=self._baseline,
            max_drift=gate.max_drift,
            warn=gate.warn,
            ignore=gate.ignore,
        )
        self._add(check, self._look())
        try:
            add_files(self.start / folder, {CHECK: to_json(check).encode()}, folder)
        except (InputError, RunError) as error:
            if gate.run is None:
                raise
            say(f"lrfind: {error}; the verdicts stand")
        return ExitCode.NO_RECOMMENDATION if check.status == "fail" else ExitCode.DONE

    def _keep_error(self, source: str, error: LrfindError) -> None:
        if self.wishes.dry_run:
            super()._keep_error(source, error)
        else:
            self._add(failure(source, error), self._look())

    def _look(self, **more: Any) -> Look:
        """The options of the report: a verdict has its line, but on a terminal."""
        if self.wishes.dry_run:
            return super()._look(**more)
        width = self.screen.width if self.screen.live and self.wishes.output is None else None
        return super()._look(width=width, title="lrfind check", **more)

    def _document(self) -> str:
        """The verdicts on all configs in one form."""
        wishes = self.wishes
        if wishes.dry_run:
            return super()._document()
        from lrfind.core.verdicts import Failure
        from lrfind.report.render import render_all

        if wishes.form is Format.text and all(isinstance(check, Failure) for check in self._documents):
            return ""  # Said on stderr.
        if wishes.form is Format.github:
            summarise(render_all(self._documents, Format.markdown, self._look()))
        return self._joined()


def readable(path: Path, option: str, loaded: Loaded | None = None) -> Result:
    """A finished run that can be judged.

    Args:
        path: the run directory, or its ``result.json``.
        option: what named it.
        loaded: the config that it has to be the run of.

    Raises:
        InputError: there is none, or it is the run of another config.
        NothingToJudge: it was interrupted or failed, or measured nothing.
        RunError: it cannot be read.
    """
    from lrfind.cli.finished_run import open_finished
    from lrfind.runs import check as judge

    try:
        result = open_finished(path)
    except InputError as error:
        raise InputError(f"{option} {error}") from None
    try:
        judge.judgeable(result)
        if loaded is not None:
            judge.same_config(loaded, result)
    except LrfindError as error:
        raise type(error)(f"{option} {path}: {error}") from None
    return result
