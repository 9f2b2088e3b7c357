"""The configs that a command names, with the settings and run directories that its options give them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from lrfind.cli.options import EFFORTS, CommandOptions, CompareOptions, RangeOptions
from lrfind.cli.outputs import check_config, check_files, check_out, check_plot, check_runs, distinct, same_file, texts
from lrfind.cli.terminal import note
from lrfind.config.load import Loaded, load, name_of, read_stream, read_text
from lrfind.config.yaml_reader import read
from lrfind.core.errors import ConfigError, InputError, LrfindError, Problem
from lrfind.storage.atomic import is_special


@dataclass(frozen=True)
class CommandSource:
    """A config, or a finished run, that a command names.

    Attributes:
        argument: file or run directory as the user named it, or the label of a variant.
        load: returns the config; None for a finished run.
        name: name of the config's run.
        folder: run directory below --out; None for a default one.
    """

    argument: str
    load: Callable[[], Loaded] | None = None
    name: str = ""
    folder: Path | None = None


class ConfigLoader:
    """Loads configs under the options of a command.

    Args:
        options: of the command.

    Attributes:
        settings: config settings of --effort and --set, which those of other options override.
    """

    def __init__(self, options: CommandOptions) -> None:
        self.options = options
        effort = EFFORTS[options.effort] if isinstance(options, RangeOptions) else ()
        self.settings = [*effort, *(options.settings or [])]
        given = {option: key for option, key in options.keys.items() if getattr(options, option) is not None}
        self._flags = [f"{key}={getattr(options, option)}" for option, key in given.items()]
        self._options = {key: f"--{option.replace('_', '-')}" for option, key in given.items()}
        if "train.steps" in self._options:
            self._flags.append("train.epochs=null")
        self._texts: dict[str, str] = {}

    def load(self, config: str, settings: Sequence[str] = ()) -> Loaded:
        """Return a config with the settings of all options.

        Args:
            config: file name; ``-`` for standard input.
            settings: more settings, after those of --set.

        Raises:
            ConfigError: all that is wrong with the config; a value of an option is named by that option.
        """
        try:
            return load(config, [*self.settings, *settings, *self._flags], stdin_text=self.text(config))
        except ConfigError as error:
            raise ConfigError([self._named(problem) for problem in error.problems]) from None

    def _named(self, problem: Problem) -> Problem:
        """Return a problem of a setting with the option that gave it."""
        option = self._options.get(problem.key.removesuffix(".name")) if problem.where == "--set" else None
        return replace(problem, where=option, key="") if option else problem

    def text(self, config: str) -> str:
        """Return the text of a config, which is read once: standard input and pipes have nothing more to give.

        Raises:
            ConfigError: it cannot be read.
        """
        if config not in self._texts:
            self._texts[config] = read_stream(sys.stdin.buffer, "stdin") if config == "-" else read_text(config)
        return self._texts[config]

    def values(self, config: str) -> Iterator[str]:
        """Yield every text in the values of a config and its settings; what is wrong is shown when its turn comes."""
        yield from (setting.partition("=")[2] for setting in self.settings)
        with suppress(LrfindError):
            try:
                value: Any = self.load(config).config.model_dump(mode="json")
            except LrfindError:
                value = read(self.text(config)).value
            yield from texts(value)

    def sources(
        self, configs: Sequence[str], read: Iterable[str | Path] = (), what: str = "what is read"
    ) -> list[CommandSource]:
        """Return configs, each with a run directory of its own; refuse what could only fail after the measuring.

        Args:
            configs: file names.
            read: further files that are read.
            what: noun for those in a message.

        Raises:
            InputError: options contradict each other, or an output cannot be written or would replace what is read.
        """
        options, files = self.options, self.options.files
        compares = isinstance(options, CompareOptions)
        names = distinct([name_of(config) for config in configs])
        below = len(configs) > 1 or compares
        folders = [options.out and (options.out / name if below else options.out) for name in names]
        check_plot(options)
        if options.plot is not None and len(configs) > 1 and not compares:
            raise InputError(
                "--plot names one file, and there are several configs; each run directory has its plot.png"
            )
        check_read_once(configs)
        check_files(files, configs, "the config")
        given = [folder for folder in folders if folder is not None]
        for folder in given:
            check_out(folder)
        check_runs(files, given)
        for config in configs if files else ():
            check_config(files, config, self.values(config))
        check_files(files, read, what)
        sources = [
            CommandSource(config, partial(self.load, config), name, directory)
            for config, name, directory in zip(configs, names, folders, strict=True)
        ]
        for source in sources:
            own = name_of(source.argument)
            if source.name != own and source.folder is not None:
                message = f"another config is called {own}, so the run of {source.argument} goes to {source.folder}"
                note(message, quiet=options.quiet)
        return sources


def check_read_once(configs: Sequence[str]) -> None:
    """Refuse standard input, a pipe or a device that is named twice: the second reading finds nothing, or waits.

    Args:
        configs: as the user named them.

    Raises:
        InputError: there is such a config.
    """
    if configs.count("-") > 1:
        raise InputError("standard input holds one config; - was given twice")
    paths = [Path("/dev/stdin" if config == "-" else config) for config in configs]
    for number, path in enumerate(paths):
        if is_special(path) and any(same_file(path, other) for other in paths[:number]):
            raise InputError(f"{configs[number]} is a pipe or a device, which holds one config; it was given twice")
