"""What `lrfind sweep` does: configs in, results out, one exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrfind.cli.options import Format
from lrfind.cli.progress import watcher
from lrfind.cli.screen import Interruption, interruptible, put, report, say, screen
from lrfind.errors import ConfigError, ExitCode, InputError, LrfindError

if TYPE_CHECKING:
    from lrfind.config.load import Loaded
    from lrfind.report.worker import FigureWorker
    from lrfind.run import Clock
    from lrfind.types import Result

KEYS = {
    "--min-lr": "sweep.min_lr",
    "--max-lr": "sweep.max_lr",
    "--steps": "sweep.steps",
    "--seeds": "sweep.seeds",
    "--method": "sweep.method",
    "--seed": "seed",
}
"""Options that stand for a config key."""

PLOT_FORMATS = ("png", "svg", "pdf")

CURVE_HEIGHT = 18
"""Lines of the curve in the terminal."""

SEVERITY = (ExitCode.RUN_FAILED, ExitCode.BAD_INPUT, ExitCode.NO_RECOMMENDATION)
"""Of several configs, the first of these that occurred is the exit code."""


@dataclass(frozen=True)
class Wishes:
    """What the command line asked for; the fields are the options of `lrfind sweep`."""

    overrides: Sequence[str]
    flags: Mapping[str, Any]
    form: Format
    output: Path | None
    out: Path | None
    fresh: bool
    write: bool
    exit_zero: bool
    plot: Path | None
    draws: bool
    quiet: bool
    color: bool
    device: str | None
    dry_run: bool
    cache: bool
    debug: bool


class Job:
    """Sweeps for one or more configs.

    Args:
        configs: file names; ``-`` for standard input.
        wishes: the options.
    """

    def __init__(self, configs: Sequence[str], wishes: Wishes) -> None:
        self.configs = configs
        self.wishes = wishes
        self.screen = screen(sys.stdout, color=wishes.color)
        self._stack = ExitStack()
        self._worker: FigureWorker | None = None
        self._rendered: list[str] = []
        self._interruption = Interruption()

    def run(self) -> ExitCode:
        """Do it all; returns the exit code. Shows every error, so none leaves here."""
        codes: list[ExitCode] = []
        try:
            with self._stack, interruptible() as self._interruption:
                self._check()
                for config in self.configs:
                    codes.append(self._one(config))
                    if self._interruption.code is not None:
                        break
                self._deliver()
        except LrfindError as error:
            return report(error, debug=self.wishes.debug)
        except KeyboardInterrupt:
            say("lrfind: interrupted before anything was measured")
        return self._interruption.code or next((code for code in SEVERITY if code in codes), ExitCode.DONE)

    def _check(self) -> None:
        """Refuse what could only fail after the measuring."""
        wishes = self.wishes
        if wishes.plot is not None:
            suffix = wishes.plot.suffix.removeprefix(".").lower()
            if suffix not in PLOT_FORMATS:
                raise InputError(f"--plot {wishes.plot}: the name must end in .png, .svg or .pdf")
            if len(self.configs) > 1:
                raise InputError(
                    "--plot names one file, and there are several configs; each run directory has its plot.png"
                )
        for option, path in (("--plot", wishes.plot), ("--output", wishes.output)):
            if path is not None and not path.parent.is_dir():
                raise InputError(f"{option} {path}: there is no folder {path.parent}")
        if wishes.write and "-" in self.configs:
            raise InputError("--write has no file to write to where the config comes from standard input")
        if self.configs.count("-") > 1:
            raise InputError("standard input holds one config; - was given twice")

    def _one(self, source: str) -> ExitCode:
        """One config, its errors shown."""
        try:
            loaded = self._load(source)
            try:
                return self._dry_run(loaded) if self.wishes.dry_run else self._measure(source, loaded)
            except ConfigError:
                raise
            except InputError as error:
                raise (ConfigError([loaded.locate(error)]) if error.key else error) from error
        except LrfindError as error:
            self._keep_error(source, error)
            return report(error, debug=self.wishes.debug)

    def _load(self, source: str) -> Loaded:
        from lrfind.config.load import load

        overrides = [*self.wishes.overrides, *(f"{KEYS[flag]}={value}" for flag, value in self.wishes.flags.items())]
        flags = {KEYS[flag]: flag for flag in self.wishes.flags}
        try:
            return load(source, overrides, stdin_text=sys.stdin.read() if source == "-" else None)
        except ConfigError as error:
            # A value that came by an option of its own is named by that option.
            problems = [
                replace(problem, where=flags[problem.key], key="")
                if problem.where == "--set" and problem.key in flags
                else problem
                for problem in error.problems
            ]
            raise ConfigError(problems) from None

    def _measure(self, source: str, loaded: Loaded) -> ExitCode:
        wishes = self.wishes
        if wishes.draws and self._worker is None:
            from lrfind.report.worker import FigureWorker

            self._worker = self._stack.enter_context(FigureWorker())
        from lrfind.run import Clock, Options, sweep

        options = Options(
            out=self._folder(loaded.name),
            fresh=wishes.fresh,
            low=wishes.flags.get("--min-lr"),
            high=wishes.flags.get("--max-lr"),
            device=wishes.device,
            cache=wishes.cache,
        )
        narration = watcher(
            loaded.name, named=wishes.out is not None, quiet=wishes.quiet, screen=screen(sys.stderr, color=wishes.color)
        )
        with narration:
            result, files = sweep(loaded.config, loaded.name, self._render, options, narration, Clock())
        self._keep(result, files)
        rate = result.recommendation.learning_rate
        if result.status == "interrupted":
            say(f"lrfind: interrupted; what was measured is in {files[0].parent}")
        elif rate is None:
            return ExitCode.DONE if wishes.exit_zero else ExitCode.NO_RECOMMENDATION
        elif wishes.write:
            self._write(source, rate)
        return ExitCode.DONE

    def _folder(self, name: str) -> Path | None:
        """The run directory that --out names; one in it for each of several configs."""
        out = self.wishes.out
        return out / name if out is not None and len(self.configs) > 1 else out

    def _render(self, result: Result, clock: Clock) -> tuple[Result, dict[str, bytes]]:
        """The files of a run; result.json comes last, as the sign that all are there."""
        from lrfind.report import records
        from lrfind.store import CURVE, PLOT, RESULT, write

        files = {CURVE: records.to_csv(result).encode()}
        with clock("render"):
            if self._worker is not None:
                files[PLOT] = self._worker.draw(result, "png")
                if (plot := self.wishes.plot) is not None:
                    suffix = plot.suffix.removeprefix(".").lower()
                    write(plot, self._worker.draw(result, suffix))  # type: ignore[arg-type]
        result = replace(result, timing=clock.timing())
        files[RESULT] = records.to_json(result).encode()
        return result, files

    def _keep(self, result: Result, files: Sequence[Path]) -> None:
        """Render a result for stdout or --output."""
        match self.wishes.form:
            case Format.json:
                from lrfind.report.records import to_json

                self._rendered.append(to_json(result))
            case Format.markdown:
                from lrfind.report.markdown import summary

                self._rendered.append(summary(result))
            case Format.text:
                self._rendered.append(self._text(result, files))

    def _text(self, result: Result, files: Sequence[Path]) -> str:
        """The curve and the table."""
        from lrfind.report.console import table

        to_file = self.wishes.output is not None
        width, color = self.screen.width, self.screen.color and not to_file
        unicode = self.screen.unicode or to_file
        shown = [str(path) for path in files]
        text = table(result, width=width, color=color, unicode=unicode, files=shown)
        if not self.wishes.draws:
            return text
        from lrfind.report.terminal import plot

        return plot(result, width, CURVE_HEIGHT, color=color, unicode=unicode) + "\n" + text

    def _keep_error(self, source: str, error: LrfindError) -> None:
        """A config that failed has its place in the array."""
        if self.wishes.form is Format.json:
            failure = {"message": str(error), "exit_code": int(error.exit_code)}
            self._rendered.append(json.dumps({"config": source, "status": "failed", "error": failure}, indent=2) + "\n")

    def _deliver(self) -> None:
        """Write what was rendered: JSON is one object, an array for several configs."""
        if not self._rendered:
            return
        if self.wishes.form is Format.json and len(self.configs) > 1:
            text = "[\n" + ",\n".join(part.rstrip("\n") for part in self._rendered) + "\n]\n"
        else:
            text = "\n".join(self._rendered)
        if self.wishes.output is not None:
            from lrfind.store import write

            write(self.wishes.output, text.encode())
        else:
            put(text)

    def _write(self, source: str, rate: float) -> None:
        """Put the rate into the config."""
        from lrfind.config.edit import short, write_rate

        write_rate(source, rate)
        say(f"lrfind: wrote optimizer.learning_rate: {short(rate)} into {source}")

    def _dry_run(self, loaded: Loaded) -> ExitCode:
        """Check config and data, and say what the sweep would take."""
        from lrfind.run import Clock, Options, rehearse

        with watcher(loaded.name, named=True, quiet=self.wishes.quiet, screen=screen(sys.stderr)) as narration:
            options = Options(device=self.wishes.device, cache=self.wishes.cache)
            rehearsal = rehearse(loaded.config, options, narration, Clock())
        if self.wishes.form is Format.json:
            self._rendered.append(
                json.dumps({"config": loaded.name, "status": "dry_run", **rehearsal}, indent=2) + "\n"
            )
        else:
            width = max(map(len, rehearsal))
            self._rendered.append("\n".join(f"{key:{width}}  {value}" for key, value in rehearsal.items()) + "\n")
        return ExitCode.DONE
