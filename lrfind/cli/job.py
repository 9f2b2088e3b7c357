"""What `lrfind sweep` does, and what other commands that sweep build on: configs in, results out, one exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lrfind.cli.door import door
from lrfind.cli.forms import failure, for_ci, joined, rehearsed, say_what_ran
from lrfind.cli.options import Format
from lrfind.cli.progress import Lines, parting, watcher
from lrfind.cli.screen import Interruption, abandon, apart, interruptible, put, report, say, screen
from lrfind.cli.sources import Sources
from lrfind.cli.wishes import Wishes
from lrfind.errors import ConfigError, ExitCode, InputError, LrfindError, OwnCodeError
from lrfind.own.trouble import failure_of

if TYPE_CHECKING:
    from lrfind.config.load import Loaded
    from lrfind.report.html import Section
    from lrfind.report.verdicts import Judged
    from lrfind.report.worker import Worker
    from lrfind.types import Result
    from lrfind.watch import Clock

CURVE_HEIGHT = 18
"""Lines of the curve in the terminal."""

SEVERITY = (ExitCode.RUN_FAILED, ExitCode.BAD_INPUT, ExitCode.NO_RECOMMENDATION)
"""Of several configs, the first of these that occurred is the exit code."""


class Job(Sources):
    """Sweeps for one or more configs.

    Args:
        configs: file names; ``-`` for standard input.
        wishes: the options.
    """

    def __init__(self, configs: Sequence[str], wishes: Wishes) -> None:
        super().__init__(configs, wishes)
        self._name = ""
        self._taken: set[Path] = set()
        self.screen = screen(sys.stdout, color=wishes.color)
        self._stack = ExitStack()
        self._worker: Worker | None = None
        self._rendered: list[str] = []
        self._found: list[Judged] = []
        self._sections: list[Section] = []
        self._plot = b""
        self._narration: Lines | None = None
        self._interruption = Interruption()

    def run(self) -> ExitCode:
        """Do it all; returns the exit code. Shows every error, so none leaves here."""
        codes: list[ExitCode] = []
        try:
            with apart(), self._stack, interruptible(self._leave) as self._interruption:
                self._check()
                for config, name in zip(self.configs, self._names(), strict=True):
                    self._name = name
                    codes.append(self._one(config))
                    if self._interruption.code is not None:
                        break
                self._interruption.waits = True
                self._deliver()
        except BaseException as error:
            return report(failure_of(error), debug=self.wishes.debug)
        return self._interruption.code or next((code for code in SEVERITY if code in codes), ExitCode.DONE)

    def _leave(self) -> None:
        """The last words of a process that a signal ends at once; earlier configs' results are delivered."""
        abandon(parting(self._narration, self._interruption))
        if not self._interruption.waits:
            self._deliver()

    def _one(self, source: str) -> ExitCode:
        """One config, its errors shown."""
        self._interruption.waits = False
        before = self._kept
        try:
            loaded = self._load(source)
            try:
                return self._dry_run(loaded) if self.wishes.dry_run else self._measure(source, loaded)
            except ConfigError:
                raise
            except InputError as error:
                raise (ConfigError([loaded.locate(error)]) if error.key else error) from error
        except BaseException as error:
            failure = failure_of(error)
        finally:
            with suppress(OSError):
                os.chdir(self.start)  # The user's code may have gone elsewhere.
        if self._interruption.code is not None and isinstance(failure, OwnCodeError):
            say(parting(self._narration, self._interruption))
            return ExitCode.DONE  # The signal decides how the process ends.
        if self._kept == before:
            self._keep_error(source, failure)
        return report(failure, debug=self.wishes.debug)

    @property
    def _kept(self) -> int:
        """Of how many configs there is something to deliver."""
        return len(self._rendered) + len(self._found) + len(self._sections)

    def _measure(self, source: str, loaded: Loaded) -> ExitCode:
        wishes = self.wishes
        self._start_worker()
        from lrfind.run import Options, sweep
        from lrfind.store import RENEWED, write
        from lrfind.watch import Clock

        options = Options(
            out=self._folder(self._name),
            runs=self.runs,
            start=self.start,
            avoid=self._taken,
            fresh=wishes.fresh,
            low=wishes.flags.get("--min-lr"),
            high=wishes.flags.get("--max-lr"),
            device=wishes.device,
            cache=wishes.cache,
            door=door(loaded, wishes),
        )
        with self._watch(loaded.name, named=wishes.out is not None) as narration:
            result, files = sweep(loaded.config, loaded.name, self._render, options, narration, Clock())
        if narration.path is not None:
            self._taken.add(narration.path)
        self._interruption.confirm(result.status)
        try:
            code = self._conclude(source, loaded, result, files)
        finally:
            if wishes.plot is not None:
                write(self.start / wishes.plot, self._plot, wishes.plot)
        if result.status == "interrupted" and not files:
            say(f"lrfind: interrupted; {narration.path} keeps its finished run, {RENEWED} there has what was measured")
        elif result.status == "interrupted":
            say(f"lrfind: interrupted; what was measured is in {narration.path}")
        elif self._interruption.code is not None:
            say(f"lrfind: interrupted, but the sweep had finished; its result is in {narration.path}")
        return code

    def _conclude(self, source: str, loaded: Loaded, result: Result, files: Sequence[Path]) -> ExitCode:
        """Keep what a sweep found, and say how it ended."""
        self._keep(loaded, result, files)
        rate = result.recommendation.learning_rate
        if result.status == "interrupted" or self._interruption.code is not None:
            return ExitCode.DONE
        if rate is None:
            return ExitCode.DONE if self.wishes.exit_zero else ExitCode.NO_RECOMMENDATION
        if self.wishes.write:
            self._write(source, loaded, rate)
        return ExitCode.DONE

    def _start_worker(self) -> None:
        """Let another process import what draws and sets reports, while this one measures."""
        if self._worker is None and (self.wishes.draws or self._sets_table):
            from lrfind.report.worker import Worker

            self._worker = self._stack.enter_context(Worker())

    @property
    def _sets_table(self) -> bool:
        """Whether the report for a terminal is wanted, which rich sets."""
        return self.wishes.form is Format.text

    def _watch(self, name: str, *, named: bool) -> Lines:
        """The narration on stderr."""
        wishes = self.wishes
        looks = screen(sys.stderr, color=wishes.color)
        self._narration = watcher(name, self._interruption, named=named, quiet=wishes.quiet, screen=looks)
        return self._narration

    def _render(self, result: Result, clock: Clock) -> tuple[Result, dict[str, bytes]]:
        """The files of a run; result.json comes last, as the sign that all are there."""
        from lrfind.report import records
        from lrfind.store import CURVE, PLOT, RESULT

        files = {CURVE: records.to_csv(result).encode()}
        with clock("render"):
            if self._worker is not None and self.wishes.draws:
                files[PLOT] = self._worker.draw(result, "png")
                if (plot := self.wishes.plot) is not None:
                    suffix = plot.suffix.removeprefix(".").lower()
                    self._plot = self._worker.draw(result, suffix)  # type: ignore[arg-type]
        result = replace(result, timing=clock.timing())
        files[RESULT] = records.to_json(result).encode()
        return result, files

    def _keep(self, loaded: Loaded, result: Result, files: Sequence[Path]) -> None:
        """Render a result for stdout or --output."""
        match self.wishes.form:
            case Format.json:
                from lrfind.report import records

                self._rendered.append(records.to_json(result))
            case Format.markdown:
                from lrfind.report.markdown import summary

                self._rendered.append(summary(result, advice=self.wishes.advice))
            case Format.junit | Format.github:
                from lrfind.report.outcome import outcome

                self._found.append(outcome(result, loaded.where, loaded.positions))
            case Format.html:
                from lrfind.report.html_sections import of_sweep

                svg = self._worker.draw(result, "svg") if self._worker is not None and self.wishes.draws else b""
                self._sections.append(of_sweep(result, svg, advice=self.wishes.advice))
            case Format.text:
                self._rendered.append(self._text(result, files))

    def _text(self, result: Result, files: Sequence[Path]) -> str:
        """The curve and the table."""
        assert self._worker is not None
        to_file = self.wishes.output is not None
        width, color = self.screen.width, self.screen.color and not to_file
        unicode = self.screen.unicode or to_file
        shown = [str(path) for path in files]
        look = {"color": color, "unicode": unicode, "advice": self.wishes.advice}
        text = self._worker.table(result, width=width, files=shown, **look)
        if not self.wishes.draws:
            return text
        curve = self._worker.plot(result, width=width, height=CURVE_HEIGHT, color=color, unicode=unicode)
        return f"{curve}\n{text}"

    def _keep_error(self, source: str, error: LrfindError) -> None:
        """A config that failed has its place among the others."""
        if self.wishes.form is Format.json:
            from lrfind.report.verdicts import to_json

            self._rendered.append(to_json(failure(source, error)))
        elif self.wishes.form is Format.html:
            from lrfind.report.html_sections import of_check

            self._sections.append(of_check(failure(source, error)))
        elif self.wishes.form in (Format.junit, Format.github):
            self._found.append(failure(source, error))

    def _deliver(self) -> None:
        """Write what was rendered."""
        text = self._document()
        if not text:
            return
        if self.wishes.output is not None:
            from lrfind.store import write

            write(self.start / self.wishes.output, text.encode(), self.wishes.output)
        else:
            put(text)

    def _document(self) -> str:
        """All configs in one form: JSON is one object, an array for several configs."""
        if self._sections:
            from lrfind.report.html import page

            return page(self._sections, "lrfind sweep")
        if self._found:
            return for_ci(self._found, self.wishes.form, "lrfind sweep")
        return joined(self._rendered, self.wishes.form, many=len(self.configs) > 1)

    def _write(self, source: str, loaded: Loaded, rate: float) -> None:
        """Put the rate into the config."""
        from lrfind.config.edit import short, write_rate

        write_rate(self.start / source, rate, read=loaded.text, shown=source)
        if not self.wishes.quiet:
            say(f"lrfind: wrote optimizer.learning_rate: {short(rate)} into {source}")

    def _dry_run(self, loaded: Loaded) -> ExitCode:
        """Check config and data, and say what the sweep would take."""
        from lrfind.run import Options, rehearse
        from lrfind.watch import Clock

        with self._watch(loaded.name, named=True) as narration:
            options = Options(device=self.wishes.device, cache=self.wishes.cache, door=door(loaded, self.wishes))
            try:
                rehearsal = rehearse(loaded.config, options, narration, Clock())
            finally:
                if not self.wishes.quiet:
                    say_what_ran(loaded.config)
        if self.wishes.form is Format.json:
            self._rendered.append(
                json.dumps({"config": loaded.name, "status": "dry_run", **rehearsal}, indent=2) + "\n"
            )
        else:
            from lrfind.report.text import clean

            head = f"{clean(loaded.name)}\n" if len(self.configs) > 1 else ""
            self._rendered.append(head + rehearsed(rehearsal))
        return ExitCode.DONE
