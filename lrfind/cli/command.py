"""One call of a command that trains: configs in, documents out, one exit code. Owns signals, errors and delivery."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrfind.cli.options import CommandOptions
from lrfind.cli.outputs import deliver, failure, look_of, starting_folder, summarise
from lrfind.cli.progress import LineProgress, NoProgress, ProgressBar, parting
from lrfind.cli.sources import CommandSource, ConfigLoader
from lrfind.cli.terminal import Interruption, apart, exit_message, interruptible, say, screen, show_error
from lrfind.config.load import Loaded
from lrfind.core.errors import ConfigError, ExitCode, InputError, LrfindError, OwnCodeError
from lrfind.core.formats import Format
from lrfind.core.verdicts import Failure
from lrfind.report.wording import Look
from lrfind.storage.atomic import write
from lrfind.task.user_code.tracebacks import failure_of

if TYPE_CHECKING:
    from lrfind.report.background import Background
    from lrfind.report.render import Document

SEVERITY = (ExitCode.RUN_FAILED, ExitCode.BAD_INPUT, ExitCode.NO_RECOMMENDATION)
"""Of several configs, the first of these that occurred is the exit code."""

MACHINE_FORMATS = frozenset({Format.json, Format.junit, Format.github, Format.html})
"""Formats in which a failed config has its place among the others; people read of it on stderr."""

CI_FORMATS = frozenset({Format.junit, Format.github})


@dataclass(frozen=True)
class Job:
    """A config while it is run.

    Attributes:
        source: the config as the user named it.
        loaded: its content.
        session: call of the command.
    """

    source: CommandSource
    loaded: Loaded
    session: Session


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command as a composition of its steps.

    Attributes:
        title: of pages and test suites.
        prepare: refuses options that could only fail after the measuring, and returns the sources.
        execute: measures one config, and returns its document; None for none, as after an interruption.
        reopen: returns the document of a finished run, by its name; None where a command has no finished runs.
        conclude: acts on the document of a config after it was rendered, and returns its exit code; None for 0.
        combine: makes one document of all; None renders each.
        look: further options of the report, by field of `Look`.
        wraps: whether text is wrapped even where standard output is no terminal.
        failure_formats: formats in which a failed config has a document.
        refused: config that a refusal of `prepare` is reported of, in the formats of CI; empty for none.
        summarises: whether the documents go into the summary of GitHub Actions.
    """

    title: str
    prepare: Callable[[ConfigLoader], Sequence[CommandSource]]
    execute: Callable[[Job], Document | None]
    reopen: Callable[[str], Document] | None = None
    conclude: Callable[[Document, Job], ExitCode] | None = None
    combine: Callable[[Sequence[tuple[str, Document]], Session], Document] | None = None
    look: Mapping[str, Any] = field(default_factory=dict)
    wraps: bool = True
    failure_formats: Collection[Format] = MACHINE_FORMATS
    refused: str = ""
    summarises: bool = False


class Session:
    """One call of a command: what it knows while it runs, and the documents so far.

    Args:
        command: its steps.
        options: from the command line.

    Attributes:
        start: working directory, before user code runs.
        interruption: signals that came.
        narration: of the running config.
        files: files that the running config has written.
        taken: run directories of the configs before.
        figure: content for --plot, not yet written.
        worker: process that draws and sets reports.
        documents: what was rendered, and `parts`, what it was rendered to.
        combined: documents to be made one of, each with its run directory.
    """

    def __init__(self, command: Command, options: CommandOptions) -> None:
        self.command = command
        self.options = options
        self.start = starting_folder()
        self.screen = screen(sys.stdout, color=not options.no_color)
        self.interruption = Interruption()
        self.narration: LineProgress | None = None
        self.files: Sequence[Path] = ()
        self.taken: set[Path] = set()
        self.figure = b""
        self.worker: Background | None = None
        self.stack = ExitStack()
        self.several = False
        self.documents: list[Document] = []
        self.parts: list[Any] = []
        self.combined: list[tuple[str, Document]] = []

    def narrate(self, name: str, *, named: bool) -> LineProgress:
        """Return the narration of a run on stderr.

        Args:
            name: of the run.
            named: whether the user named the run directory.
        """
        shows = screen(sys.stderr, color=not self.options.no_color)
        kind = NoProgress if self.options.quiet else ProgressBar if shows.live else LineProgress
        self.narration = kind(name, named=named, interruption=self.interruption, screen=shows)
        return self.narration

    def write_figure(self) -> None:
        """Write the figure of --plot, if one was drawn."""
        figure, self.figure = self.figure, b""
        if figure and self.options.plot is not None:
            write(self.start / self.options.plot, figure, self.options.plot)

    def run(self) -> ExitCode:
        """Run the sources in order, deliver their documents, show every error, and return the exit code."""
        codes = []
        try:
            with apart(), self.stack, interruptible(self.leave) as self.interruption:
                for source in self.prepare():
                    codes.append(self.run_source(source))
                    if self.interruption.code is not None:
                        break
                self.interruption.waits = True
                self.deliver()
        except BaseException as error:
            return show_error(failure_of(error), debug=self.options.debug)
        return self.interruption.code or next((code for code in SEVERITY if code in codes), ExitCode.DONE)

    def prepare(self) -> Sequence[CommandSource]:
        """Return the sources; a refusal is delivered in the formats of CI, where the command reports one."""
        try:
            sources = self.command.prepare(ConfigLoader(self.options))
        except BaseException as error:
            if self.command.refused and self.options.output is None and self.options.format in CI_FORMATS:
                with suppress(LrfindError):  # The refusal itself is shown.
                    self.add(failure(self.command.refused, failure_of(error)), self.look())
                    self.deliver()
            raise
        self.several = len(sources) > 1
        return sources

    def leave(self) -> None:
        """Print the last words of a process that a signal ends at once, and deliver the documents so far."""
        exit_message(parting(self.narration, self.interruption))
        if not self.interruption.waits:
            self.deliver()

    def run_source(self, source: CommandSource) -> ExitCode:
        """Return the exit code of one source, its error shown."""
        self.interruption.waits = False
        count = len(self.documents)
        try:
            if source.load is not None:
                return self.excused(self.execute(Job(source, source.load(), self)))
            assert self.command.reopen is not None
            self.combined.append((source.argument, self.command.reopen(source.argument)))
            return ExitCode.DONE
        except BaseException as error:
            shown = failure_of(error)
        finally:
            with suppress(OSError):
                os.chdir(self.start)  # User code may have changed it.
        if self.interruption.code is not None and isinstance(shown, OwnCodeError):
            say(parting(self.narration, self.interruption))
            return ExitCode.DONE  # The signal decides how the process ends.
        if len(self.documents) == count and source.load and self.options.format in self.command.failure_formats:
            self.add(failure(source.argument, shown), self.look())
        code = show_error(shown, debug=self.options.debug)
        return self.excused(code) if source.load else code

    def excused(self, code: ExitCode) -> ExitCode:
        """Return an exit code as --exit-zero has it."""
        exit_zero = getattr(self.options, "exit_zero", False)
        return ExitCode.DONE if code is ExitCode.NO_RECOMMENDATION and exit_zero else code

    def execute(self, job: Job) -> ExitCode:
        """Measure a config, add its document and return its exit code; an error of a key gets the key's position."""
        try:
            document = self.command.execute(job)
            if self.narration is not None and self.narration.path is not None:
                self.taken.add(self.narration.path)
            try:
                if document is None:
                    return ExitCode.DONE
                self.keep(document, job.loaded)
                return self.command.conclude(document, job) if self.command.conclude is not None else ExitCode.DONE
            finally:
                self.write_figure()
        except ConfigError:
            raise
        except InputError as error:
            raise (ConfigError([job.loaded.locate(error)]) if error.key else error) from error

    def look(self, **options: Any) -> Look:
        """Return the options of the report."""
        unwrapped = not self.command.wraps and not (self.screen.live and self.options.output is None)
        width = {"width": None} if unwrapped else {}
        common = {"title": self.command.title, "several": self.several, "draws": self.options.draws}
        return look_of(self.screen, self.options.output, **{**width, **common, **self.command.look, **options})

    def keep(self, document: Document, loaded: Loaded) -> None:
        """Render a document, in the worker's process where that has its libraries there."""
        from lrfind.core.result import DryRun, Result

        form = self.options.format
        look = self.look(files=tuple(map(str, self.files)), where=loaded.where, positions=loaded.positions)
        if self.command.combine is not None and not isinstance(document, DryRun):
            narrated = self.narration.path if self.narration is not None else None
            folder = self.files[0].parent if self.files else narrated
            self.combined.append((str(folder or ""), document))
        elif isinstance(document, Result) and self.worker is not None and form is Format.text:
            self.documents.append(document)
            self.parts.append(self.worker.text(document, look))
        else:
            if isinstance(document, Result) and self.worker is not None and form is Format.html and look.draws:
                look = replace(look, svg=self.worker.draw(document, "svg"))
            self.add(document, look)

    def add(self, document: Document, look: Look) -> None:
        """Render a document."""
        from lrfind.report.render import part

        self.parts.append(part(document, self.options.format, look))
        self.documents.append(document)

    def deliver(self) -> None:
        """Write what was rendered, or the document that all are combined into."""
        if not self.documents and not self.combined:
            return
        from lrfind.report.render import joined, render, render_all

        look, form = self.look(), self.options.format
        if self.combined and self.command.combine is not None:
            text = render(self.command.combine(self.combined, self), form, replace(look, several=False))
        elif all(isinstance(document, Failure) for document in self.documents) and form is Format.text:
            return  # Shown on stderr.
        else:
            text = joined(self.documents, self.parts, form, look)
        if self.command.summarises and form is Format.github:
            fails = Format.markdown in self.command.failure_formats
            documents = [document for document in self.documents if fails or not isinstance(document, Failure)]
            if documents:
                summarise(render_all(documents, Format.markdown, look))
        if text:
            deliver(text, self.options.output, self.start)
