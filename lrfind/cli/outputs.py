"""The files that a command writes besides its runs: checked before anything is measured, written in the end."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations, count
from pathlib import Path
from typing import Any

from lrfind.cli.options import OutputOptions
from lrfind.cli.terminal import Screen, say, write_stdout
from lrfind.core.errors import ConfigError, InputError, LrfindError
from lrfind.core.formats import FigureFormat
from lrfind.core.verdicts import Failure
from lrfind.report.wording import Look
from lrfind.storage.atomic import descriptor, is_special, write

PLOT_FORMATS: tuple[FigureFormat, ...] = ("png", "svg", "pdf")

RUNS = Path("lrfind-runs")
"""Folder of all runs, in the working directory."""


def starting_folder() -> Path:
    """Return the working directory, which all paths of the command line are relative to.

    Raises:
        InputError: it was removed.
    """
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise InputError("the working directory is gone; go to another one") from None


def figure_format(path: Path, option: str = "--plot") -> FigureFormat:
    """Return the format that the name of a figure ends in.

    Args:
        path: of the figure.
        option: that names it.

    Raises:
        InputError: there is no such format.
    """
    suffix = path.suffix.removeprefix(".").lower()
    for name in PLOT_FORMATS:
        if name == suffix:
            return name
    raise InputError(f"{option} {path}: the name must end in .png, .svg or .pdf")


def check_plot(options: OutputOptions) -> None:
    """Refuse a --plot that cannot be drawn.

    Raises:
        InputError: nothing is to be drawn, or not in that form.
    """
    if options.plot is not None and not options.draws:
        raise InputError(f"--plot {options.plot} and --no-plot contradict each other; leave one out")
    if options.plot is not None:
        figure_format(options.plot)


def check_files(outputs: Mapping[str, Path], sources: Iterable[str | Path], what: str) -> None:
    """Refuse files that could not be written in the end, that are read, or of which one would replace another.

    Args:
        outputs: option -> the file it names.
        sources: what is read.
        what: noun for the sources in a message.

    Raises:
        InputError: one lies in no folder, is one, belongs to a run, is one of the sources or named twice.
    """
    for option, path in outputs.items():
        check_place(option, path)
        refuse_one_of(option, path, map(Path, sources), f"would overwrite {what}")
    for (option, path), (other, another) in combinations(sorted(outputs.items()), 2):
        if same_file(path, another) and not is_special(path):
            raise InputError(f"{option} {path} and {other} {another} are one file; name two")
    check_runs(outputs, [])


def check_place(option: str, path: Path) -> None:
    """Refuse a file that could not be written in the end.

    Args:
        option: that names it.
        path: of the file.

    Raises:
        InputError: it lies in no folder, is one, or may not be written.
    """
    if (number := descriptor(path)) is not None:
        try:
            os.fstat(number)
        except OSError:
            raise InputError(f"{option} {path}: there is no open file of that number") from None
        return
    if not path.parent.is_dir():
        raise InputError(f"{option} {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise InputError(f"{option} {path}: is a folder; name a file in it")
    if path.exists() and not os.access(path, os.W_OK):
        raise InputError(f"{option} {path}: may not be written: permission denied")


def check_runs(outputs: Mapping[str, Path], folders: Sequence[Path]) -> None:
    """Refuse files of a run.

    Args:
        outputs: option -> the file it names.
        folders: run directories of the command; those that the files would lie in are checked as well.

    Raises:
        InputError: an output is, or would be, one of the files of such a run.
    """
    for option, path in outputs.items():
        by_default = path.resolve().parent.parent == RUNS.resolve()
        for folder in (*folders, *([path.parent] if by_default or holds_run(path.parent) else [])):
            files = files_of(folder, run_directory=True)
            refuse_one_of(option, path, files, f"is a file of the run in {folder}; choose another name")


def check_config(outputs: Mapping[str, Path], source: str, values: Iterable[str]) -> None:
    """Refuse files that a config reads: its data, its weights, its code.

    Args:
        outputs: option -> the file it names.
        source: the config as the user named it.
        values: texts in the config and its settings.

    Raises:
        InputError: an output is one of them.
    """
    folders = (Path() if source == "-" else Path(source).resolve().parent, Path())
    names = {text.rpartition(":")[0] if ".py:" in text else text for text in values} - {""}
    for option, path in outputs.items():
        files = (folder / name for name in names for folder in folders)
        refuse_one_of(option, path, files, f"would overwrite what the config {source} reads")


def refuse_one_of(option: str, path: Path, files: Iterable[Path], reason: str) -> None:
    """Refuse the file of an option if it is one of those given.

    Raises:
        InputError: it is; the message ends in the reason.
    """
    if any(same_file(path, file) for file in files):
        raise InputError(f"{option} {path}: {reason}")


def texts(value: Any) -> Iterator[str]:
    """Yield every text in the values of a config."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for child in value.values():
            yield from texts(child)
    elif isinstance(value, list | tuple):
        for child in value:
            yield from texts(child)


def same_file(one: Path, other: Path) -> bool:
    """Return whether two paths are one file, by links of any kind or by name where there is none yet."""
    with suppress(OSError, ValueError):
        return os.path.samefile(one, other)
    with suppress(OSError, ValueError):
        return os.path.realpath(one) == os.path.realpath(other)
    return False


def holds_run(folder: Path) -> bool:
    """Return whether a folder is the run directory of some run."""
    from lrfind.storage.journal import JOURNAL, NEXT_JOURNAL, head_of

    return any(head_of(folder / name) is not None for name in (JOURNAL, NEXT_JOURNAL))


def check_out(folder: Path) -> None:
    """Refuse a run directory that cannot be a folder, or in which files of the user would be replaced.

    Raises:
        InputError: it is a file, lies below one, or holds files of lrfind's names that lrfind did not write.
    """
    from lrfind.storage.layout import refuse_strangers_folder

    check_folder(folder)
    refuse_strangers_folder(folder, folder)


def check_folder(folder: Path) -> None:
    """Refuse a path that cannot be a folder.

    Raises:
        InputError: it is a file, or lies below one.
    """
    for parent in (folder, *folder.parents):
        if parent.is_dir():
            break
        if os.path.lexists(parent):
            raise InputError(f"{parent} is a file; choose another folder with --out")


def distinct(names: Sequence[str]) -> list[str]:
    """Return a folder's name for each config, no two the same: of two that are called c, ``c`` and ``c-2``."""
    unique: list[str] = []
    for name in names:
        numbered = (f"{name}-{number}" for number in count(2))
        free = (other for other in numbered if other not in names and other not in unique)
        unique.append(name if name not in unique else next(free))
    return unique


def files_of(run: Path, *, run_directory: bool = False) -> list[Path]:
    """Return the files of a run, which no output may replace.

    Args:
        run: run directory, or one file of it.
        run_directory: whether `run` is a directory even if it does not exist yet.
    """
    from lrfind.storage.layout import NAMES

    return [run / name for name in NAMES] if run_directory or run.is_dir() else [run]


MOST_BYTES = 1024 * 1024
"""What GitHub takes for one step; a larger file is dropped whole."""


def look_of(screen: Screen, output: Path | None, **options: Any) -> Look:
    """Return the options of a report.

    Args:
        screen: abilities of standard output.
        output: file that the report goes to; None for standard output.
        options: further fields of `Look`.
    """
    width, color, unicode = screen.width, screen.color and output is None, screen.unicode or output is not None
    checkout = os.environ.get("GITHUB_WORKSPACE", "")
    return Look(**{"width": width, "color": color, "unicode": unicode, "checkout": checkout, **options})


def deliver(text: str, output: Path | None, start: Path = Path()) -> None:
    """Write a report.

    Args:
        text: the report.
        output: file to write, relative to `start`; None for standard output.
        start: working directory of the command.

    Raises:
        RunError: it cannot be written.
    """
    if output is None:
        write_stdout(text)
    else:
        write(start / output, text.encode(), output)


def summarise(text: str) -> None:
    """Append Markdown to the summary of a step of GitHub Actions, where there is one.

    That it cannot be done is printed: no reason for a gate to come out otherwise.
    """
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    path, section = Path(name), text.encode()
    try:
        before = path.stat().st_size if path.exists() else 0
        if before + len(section) > MOST_BYTES:
            limit = f"the {MOST_BYTES:,} bytes that GitHub takes"
            say(f"lrfind: the step's summary would be larger than {limit}; it was left out")
            return
        with path.open("ab") as file:
            file.write(b"\n" + section if before else section)
    except OSError as error:
        say(f"lrfind: the step's summary {name} cannot be written: {error.strerror or error}")


def failure(source: str, error: LrfindError) -> Failure:
    """Return the document of a config or a log that failed, with the position of its first problem.

    Args:
        source: name of the config or the log.
        error: reason.
    """
    first = error.problems[0] if isinstance(error, ConfigError) and error.problems else None
    line, column = (first.line, first.column) if first else (None, None)
    return Failure(source, str(error), int(error.exit_code), line, column)
