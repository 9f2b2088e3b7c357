"""The configs that a command names, with the settings and run directories that its options give them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from lrfind.cli.options import EFFORTS, CommandOptions, CompareOptions, RangeOptions, SweepOptions
from lrfind.cli.outputs import (
    check_apart,
    check_config,
    check_files,
    check_plot,
    check_rewritten,
    distinct,
    same_file,
    texts,
)
from lrfind.cli.terminal import note
from lrfind.config.load import Loaded, load, name_of
from lrfind.config.read_text import read_stream, read_text
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
        effort = EFFORTS[options.effort] if isinstance(options, RangeOptions) else ()
        self.settings = [*effort, *(options.settings or [])]
        given = {option: getattr(options, option) for option in options.keys}
        self._flags = {option: value for option, value in given.items() if value is not None}
        self._keys = options.keys
        self._texts: dict[str, str] = {}

    def load(self, config: str, settings: Sequence[str] = ()) -> Loaded:
        """Return a config with the settings of all options.

        Args:
            config: file name; ``-`` for standard input.
            settings: more settings, after those of --set.

        Raises:
            ConfigError: all that is wrong with the config; a value of an option is named by that option.
        """
        flags = [f"{self._keys[option]}={value}" for option, value in self._flags.items()]
        if self._keys.get("steps") == "train.steps" and "steps" in self._flags:
            flags.append("train.epochs=null")
        try:
            return load(config, [*self.settings, *settings, *flags], stdin_text=self.text(config))
        except ConfigError as error:
            raise ConfigError([self._named(problem) for problem in error.problems]) from None

    def _named(self, problem: Problem) -> Problem:
        """Return a problem of a setting with the option that gave it."""
        options = {self._keys[option]: f"--{option.replace('_', '-')}" for option in self._flags}
        key = problem.key.removesuffix(".name")
        named = problem.where == "--set" and key in options
        return replace(problem, where=options[key], key="") if named else problem

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


def sources_of(configs: Sequence[str], options: CommandOptions, loader: ConfigLoader) -> list[CommandSource]:
    """Return the configs of a command, each with a run directory of its own.

    Args:
        configs: file names.
        options: of the command.
        loader: of the configs.
    """
    names = distinct([name_of(config) for config in configs])
    several = len(configs) > 1
    folders = [options.out / name if options.out is not None and several else options.out for name in names]
    return [
        CommandSource(config, partial(loader.load, config), name, folder)
        for config, name, folder in zip(configs, names, folders, strict=True)
    ]


def note_renamed(sources: Sequence[CommandSource], options: CommandOptions) -> None:
    """Print the run directories that are not called like their configs, as another config is called so."""
    for source in sources:
        own = name_of(source.argument)
        if source.name != own and source.folder is not None:
            text = f"another config is called {own}, so the run of {source.argument} goes to {source.folder}"
            note(text, quiet=options.quiet)


def output_files(options: CommandOptions) -> dict[str, Path | None]:
    """Return the files besides run directories that a command writes, by option."""
    return {"--plot": options.plot, "--output": options.output}


def check_sources(sources: Sequence[CommandSource], options: CommandOptions, loader: ConfigLoader) -> None:
    """Refuse what could only fail after the measuring.

    Args:
        sources: configs of the command.
        options: of the command.
        loader: of the configs.

    Raises:
        InputError: options contradict each other, or an output cannot be written or would replace what is read.
    """
    configs = [source.argument for source in sources]
    files = output_files(options)
    check_plot(options.plot, draws=options.draws)
    if options.plot is not None and len(configs) > 1 and not isinstance(options, CompareOptions):
        raise InputError("--plot names one file, and there are several configs; each run directory has its plot.png")
    check_read_once(configs)
    for config in configs if isinstance(options, SweepOptions) and options.write else ():
        check_rewritten(config)
    check_files(files, configs, "the config")
    check_apart(files, [source.folder for source in sources if source.folder is not None])
    for config in configs if any(files.values()) else ():
        check_config(files, config, loader.values(config))


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
