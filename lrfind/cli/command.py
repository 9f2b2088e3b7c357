"""What `lrfind sweep` does, and what other commands that sweep build on: configs in, results out, one exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrfind.cli.delivery import failure, look_of, say_what_ran
from lrfind.cli.import_policy import import_policy
from lrfind.cli.measure_options import MeasureOptions
from lrfind.cli.options import Format
from lrfind.cli.progress import LineProgress, parting, watcher
from lrfind.cli.sources import Sources
from lrfind.cli.terminal import Interruption, apart, exit_message, interruptible, say, screen, show_error, write_stdout
from lrfind.core.errors import ConfigError, ExitCode, InputError, LrfindError, OwnCodeError
from lrfind.task.user_code.tracebacks import failure_of

if TYPE_CHECKING:
    from lrfind.config.load import Loaded
    from lrfind.core.result import Result
    from lrfind.report.background import Background
    from lrfind.report.look import Look
    from lrfind.report.render import Document
    from lrfind.runs.callbacks import Timer

SEVERITY = (ExitCode.RUN_FAILED, ExitCode.BAD_INPUT, ExitCode.NO_RECOMMENDATION)
"""Of several configs, the first of these that occurred is the exit code."""


class Job(Sources):
    """Sweeps for one or more configs.

    Args:
        configs: file names; ``-`` for standard input.
        wishes: the options.
    """

    def __init__(self, configs: Sequence[str], wishes: MeasureOptions) -> None:
        super().__init__(configs, wishes)
        self._name = ""
        self._taken: set[Path] = set()
        self.screen = screen(sys.stdout, color=wishes.color)
        self._stack = ExitStack()
        self._worker: Background | None = None
        self._documents: list[Document] = []
        self._parts: list[Any] = []
        self._plot = b""
        self._narration: LineProgress | None = None
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
            return show_error(failure_of(error), debug=self.wishes.debug)
        return self._interruption.code or next((code for code in SEVERITY if code in codes), ExitCode.DONE)

    def _leave(self) -> None:
        """The last words of a process that a signal ends at once; earlier configs' results are delivered."""
        exit_message(parting(self._narration, self._interruption))
        if not self._interruption.waits:
            self._deliver()

    def _one(self, source: str) -> ExitCode:
        """One config, its errors shown."""
        self._interruption.waits = False
        before = len(self._documents)
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
        if len(self._documents) == before:
            self._keep_error(source, failure)
        return show_error(failure, debug=self.wishes.debug)

    def _measure(self, source: str, loaded: Loaded) -> ExitCode:
        wishes = self.wishes
        self._start_worker()
        from lrfind.runs.callbacks import Timer
        from lrfind.runs.sweep import Options, sweep
        from lrfind.storage.run_directory import NEXT_JOURNAL, write

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
            policy=import_policy(loaded, wishes),
        )
        with self._watch(loaded.name, named=wishes.out is not None) as narration:
            result, files = sweep(loaded.config, loaded.name, self._render, options, narration, Timer())
        if narration.path is not None:
            self._taken.add(narration.path)
        self._interruption.confirm(result.status)
        try:
            code = self._conclude(source, loaded, result, files)
        finally:
            if wishes.plot is not None:
                write(self.start / wishes.plot, self._plot, wishes.plot)
        if result.status == "interrupted" and not files:
            say(
                f"lrfind: interrupted; {narration.path} keeps its finished run, "
                f"{NEXT_JOURNAL} there has what was measured"
            )
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
            from lrfind.report.background import Background

            self._worker = self._stack.enter_context(Background())

    @property
    def _sets_table(self) -> bool:
        """Whether the report for a terminal is wanted, which rich sets."""
        return self.wishes.form is Format.text

    def _watch(self, name: str, *, named: bool) -> LineProgress:
        """The narration on stderr."""
        wishes = self.wishes
        looks = screen(sys.stderr, color=wishes.color)
        self._narration = watcher(name, self._interruption, named=named, quiet=wishes.quiet, screen=looks)
        return self._narration

    def _render(self, result: Result, timer: Timer) -> tuple[Result, dict[str, bytes]]:
        """The files of a run; result.json comes last, as the sign that all are there."""
        from lrfind.report.sweep import result_json
        from lrfind.storage.run_directory import CURVE, PLOT, RESULT

        files = {CURVE: result_json.to_csv(result).encode()}
        with timer("render"):
            if self._worker is not None and self.wishes.draws:
                files[PLOT] = self._worker.draw(result, "png")
                if (plot := self.wishes.plot) is not None:
                    suffix = plot.suffix.removeprefix(".").lower()
                    self._plot = self._worker.draw(result, suffix)  # type: ignore[arg-type]
        result = replace(result, timing=timer.timing())
        files[RESULT] = result_json.to_json(result).encode()
        return result, files

    def _look(self, **more: Any) -> Look:
        """The options of the report."""
        several = len(self.configs) > 1
        return look_of(self.screen, self.wishes.output, **{"title": "lrfind sweep", "several": several, **more})

    def _add(self, document: Document, look: Look) -> None:
        """Render a document for stdout or --output."""
        from lrfind.report.render import TABLE

        self._parts.append(TABLE[type(document), self.wishes.form](document, look))
        self._documents.append(document)

    def _keep(self, loaded: Loaded, result: Result, files: Sequence[Path]) -> None:
        """Render a result, as far as another process has its libraries there."""
        form, draws, names = self.wishes.form, self.wishes.draws, tuple(map(str, files))
        look = self._look(draws=draws, advice=self.wishes.advice, files=names)
        look = replace(look, where=loaded.where, positions=loaded.positions)
        if form is Format.text and self._worker is not None:
            self._parts.append(self._worker.text(result, look))
            self._documents.append(result)
            return
        if form is Format.html and draws and self._worker is not None:
            look = replace(look, svg=self._worker.draw(result, "svg"))
        self._add(result, look)

    def _keep_error(self, source: str, error: LrfindError) -> None:
        """A config that failed has its place among the others, but in what people read, as stderr says it."""
        if self.wishes.form not in (Format.text, Format.markdown):
            self._add(failure(source, error), self._look())

    def _deliver(self) -> None:
        """Write what was rendered."""
        text = self._document()
        if not text:
            return
        if self.wishes.output is not None:
            from lrfind.storage.run_directory import write

            write(self.start / self.wishes.output, text.encode(), self.wishes.output)
        else:
            write_stdout(text)

    def _document(self) -> str:
        """All configs in one form."""
        return self._joined() if self._documents else ""

    def _joined(self) -> str:
        from lrfind.report.render import joined

        return joined(self._documents, self._parts, self.wishes.form, self._look())

    def _write(self, source: str, loaded: Loaded, rate: float) -> None:
        """Put the rate into the config."""
        from lrfind.config.write_back import short, write_rate

        write_rate(self.start / source, rate, read=loaded.text, shown=source)
        if not self.wishes.quiet:
            say(f"lrfind: wrote optimizer.learning_rate: {short(rate)} into {source}")

    def _dry_run(self, loaded: Loaded) -> ExitCode:
        """Check config and data, and say what the sweep would take."""
        from lrfind.runs.callbacks import Timer
        from lrfind.runs.sweep import Options, dry_run

        with self._watch(loaded.name, named=True) as narration:
            options = Options(
                device=self.wishes.device, cache=self.wishes.cache, policy=import_policy(loaded, self.wishes)
            )
            try:
                rehearsal = dry_run(loaded.config, options, narration, Timer())
            finally:
                if not self.wishes.quiet:
                    say_what_ran(loaded.config)
        from lrfind.core.dry_run import DryRun

        self._add(DryRun(loaded.name, rehearsal), self._look())
        return ExitCode.DONE
