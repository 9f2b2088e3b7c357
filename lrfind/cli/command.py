"""One call of a command that trains: configs in, documents out, one exit code. Owns signals, errors and delivery."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrfind.cli.delivery import deliver, failure, look_of, summarise
from lrfind.cli.options import CommandOptions, Format
from lrfind.cli.outputs import starting_folder
from lrfind.cli.progress import LineProgress, parting, progress_of
from lrfind.cli.sources import CommandSource, ConfigLoader
from lrfind.cli.terminal import Interruption, apart, exit_message, interruptible, say, screen, show_error
from lrfind.core.errors import ConfigError, ExitCode, InputError, LrfindError, OwnCodeError
from lrfind.core.verdicts import Failure
from lrfind.report.look import Look
from lrfind.storage.atomic import write
from lrfind.task.user_code.tracebacks import failure_of

if TYPE_CHECKING:
    from lrfind.config.load import Loaded
    from lrfind.report.background import Background
    from lrfind.report.render import Document

SEVERITY = (ExitCode.RUN_FAILED, ExitCode.BAD_INPUT, ExitCode.NO_RECOMMENDATION)
"""Of several configs, the first of these that occurred is the exit code."""

MACHINE_FORMATS = frozenset({Format.json, Format.junit, Format.github, Format.html})
"""Formats in which a failed config has its place among the others; people read of it on stderr."""

CI_FORMATS = frozenset({Format.junit, Format.github})


class Session:
    """What one call of a command knows while it runs.

    Args:
        options: of the command.

    Attributes:
        start: working directory, before user code runs.
        interruption: signals that came.
        narration: of the running config.
        files: files that the running config has written.
        taken: run directories of the configs before.
        figure: content for --plot, not yet written.
        worker: process that draws and sets reports.
    """

    def __init__(self, options: CommandOptions) -> None:
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

    def narrate(self, name: str, *, named: bool) -> LineProgress:
        """Return the narration of a run on stderr.

        Args:
            name: of the run.
            named: whether the user named the run directory.
        """
        shows = screen(sys.stderr, color=not self.options.no_color)
        self.narration = progress_of(name, self.interruption, named=named, quiet=self.options.quiet, screen=shows)
        return self.narration

    def write_figure(self) -> None:
        """Write the figure of --plot, if one was drawn."""
        figure, self.figure = self.figure, b""
        if figure and self.options.plot is not None:
            write(self.start / self.options.plot, figure, self.options.plot)


def done(document: Document, source: CommandSource, loaded: Loaded, session: Session) -> ExitCode:
    """Return the exit code of a command that has nothing to conclude from a document."""
    del document, source, loaded, session
    return ExitCode.DONE


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command as a composition of its steps.

    Attributes:
        title: of pages and test suites.
        prepare: refuses options that could only fail after the measuring, and returns the sources.
        execute: measures one config, and returns its document; None for none, as after an interruption.
        reopen: returns the document of a finished run.
        conclude: acts on the document of a config after it was rendered, and returns its exit code.
        combine: makes one document of all; None renders each.
        look: further options of the report, by field of `Look`.
        wraps: whether text is wrapped even where standard output is no terminal.
        failure_formats: formats in which a failed config has a document.
        refused: config that a refusal of `prepare` is reported of, in the formats of CI; empty for none.
        summarises: whether the documents go into the summary of GitHub Actions.
    """

    title: str
    prepare: Callable[[ConfigLoader], Sequence[CommandSource]]
    execute: Callable[[CommandSource, Loaded, Session], Document | None]
    reopen: Callable[[CommandSource], Document] | None = None
    conclude: Callable[[Document, CommandSource, Loaded, Session], ExitCode] = done
    combine: Callable[[Sequence[tuple[str, Document]], Session], Document | None] | None = None
    look: Mapping[str, Any] = field(default_factory=dict)
    wraps: bool = True
    failure_formats: Collection[Format] = MACHINE_FORMATS
    refused: str = ""
    summarises: bool = False


def run(command: Command, options: CommandOptions) -> ExitCode:
    """Run a command, show every error, and return the exit code.

    Args:
        command: its steps.
        options: from the command line.
    """
    return _Run(command, Session(options)).run()


class _Run:
    """One call of a command and the documents so far."""

    def __init__(self, command: Command, session: Session) -> None:
        self.command = command
        self.session = session
        self.options = session.options
        self.several = False
        self.documents: list[Document] = []
        self.parts: list[Any] = []
        self.combined: list[tuple[str, Document]] = []

    def run(self) -> ExitCode:
        """Run the sources in order, and deliver their documents."""
        session, codes = self.session, []
        try:
            with apart(), session.stack, interruptible(self.leave) as session.interruption:
                for source in self.prepare():
                    codes.append(self.run_source(source))
                    if session.interruption.code is not None:
                        break
                session.interruption.waits = True
                self.deliver()
        except BaseException as error:
            return show_error(failure_of(error), debug=self.options.debug)
        return session.interruption.code or next((code for code in SEVERITY if code in codes), ExitCode.DONE)

    def prepare(self) -> Sequence[CommandSource]:
        """Return the sources; a refusal is delivered in the formats of CI, where the command reports one."""
        try:
            sources = self.command.prepare(ConfigLoader(self.options))
        except BaseException as error:
            reports = self.command.refused and self.options.output is None and self.options.format in CI_FORMATS
            if reports:
                with suppress(LrfindError):  # The refusal itself is shown.
                    self.add(failure(self.command.refused, failure_of(error)), self.look())
                    self.deliver()
            raise
        self.several = len(sources) > 1
        return sources

    def leave(self) -> None:
        """Print the last words of a process that a signal ends at once, and deliver the documents so far."""
        exit_message(parting(self.session.narration, self.session.interruption))
        if not self.session.interruption.waits:
            self.deliver()

    def run_source(self, source: CommandSource) -> ExitCode:
        """Return the exit code of one source, its error shown."""
        session = self.session
        session.interruption.waits = False
        count = len(self.documents)
        try:
            return self.reopen(source) if source.load is None else self.execute(source, source.load())
        except BaseException as error:
            shown = failure_of(error)
        finally:
            with suppress(OSError):
                os.chdir(session.start)  # User code may have changed it.
        if session.interruption.code is not None and isinstance(shown, OwnCodeError):
            say(parting(session.narration, session.interruption))
            return ExitCode.DONE  # The signal decides how the process ends.
        if len(self.documents) == count and source.load and self.options.format in self.command.failure_formats:
            self.add(failure(source.argument, shown), self.look())
        code = show_error(shown, debug=self.options.debug)
        return self.excused(code) if source.load else code

    def excused(self, code: ExitCode) -> ExitCode:
        """Return an exit code as --exit-zero has it."""
        exit_zero = getattr(self.options, "exit_zero", False)
        return ExitCode.DONE if code is ExitCode.NO_RECOMMENDATION and exit_zero else code

    def reopen(self, source: CommandSource) -> ExitCode:
        """Add the document of a finished run."""
        assert self.command.reopen is not None
        self.combined.append((source.argument, self.command.reopen(source)))
        return ExitCode.DONE

    def execute(self, source: CommandSource, loaded: Loaded) -> ExitCode:
        """Measure a config, add its document and return its exit code; an error of a key gets the key's position."""
        session = self.session
        try:
            document = self.command.execute(source, loaded, session)
            if session.narration is not None and session.narration.path is not None:
                session.taken.add(session.narration.path)
            try:
                if document is None:
                    return ExitCode.DONE
                self.keep(document, loaded)
                return self.excused(self.command.conclude(document, source, loaded, session))
            finally:
                session.write_figure()
        except ConfigError:
            raise
        except InputError as error:
            raise (ConfigError([loaded.locate(error)]) if error.key else error) from error

    def look(self, **options: Any) -> Look:
        """Return the options of the report."""
        session, command = self.session, self.command
        unwrapped = not command.wraps and not (session.screen.live and self.options.output is None)
        width = {"width": None} if unwrapped else {}
        common = {"title": command.title, "several": self.several, "draws": self.options.draws, **command.look}
        return look_of(session.screen, self.options.output, **{**width, **common, **options})

    def keep(self, document: Document, loaded: Loaded) -> None:
        """Render a document, in the worker's process where that has its libraries there."""
        from lrfind.core.dry_run import DryRun
        from lrfind.core.result import Result

        session = self.session
        files = tuple(map(str, session.files))
        look = self.look(files=files, where=loaded.where, positions=loaded.positions)
        if self.command.combine is not None and not isinstance(document, DryRun):
            narrated = session.narration.path if session.narration is not None else None
            folder = session.files[0].parent if session.files else narrated
            self.combined.append((str(folder or ""), document))
        elif isinstance(document, Result) and session.worker is not None and self.options.format is Format.text:
            self.documents.append(document)
            self.parts.append(session.worker.text(document, look))
        else:
            if isinstance(document, Result) and session.worker is not None and self.options.format is Format.html:
                look = replace(look, svg=session.worker.draw(document, "svg") if look.draws else b"")
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
        from lrfind.report.render import joined, render

        look = self.look()
        if self.combined and self.command.combine is not None:
            document = self.command.combine(self.combined, self.session)
            text = "" if document is None else render(document, self.options.format, replace(look, several=False))
        elif all(isinstance(document, Failure) for document in self.documents) and self.options.format is Format.text:
            return  # Shown on stderr.
        else:
            text = joined(self.documents, self.parts, self.options.format, look)
        self.summarise(look)
        if text:
            deliver(text, self.options.output, self.session.start)

    def summarise(self, look: Look) -> None:
        """Append the documents to the summary of GitHub Actions, if the command does so."""
        from lrfind.report.render import render_all

        if not self.command.summarises or self.options.format is not Format.github:
            return
        fails = Format.markdown in self.command.failure_formats
        documents = [document for document in self.documents if fails or not isinstance(document, Failure)]
        if documents:
            summarise(render_all(documents, Format.markdown, look))
