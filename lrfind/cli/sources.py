"""The configs that a command names: what their runs are called, where these go, and what must not be written over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lrfind.cli.load_configs import load_with, piped
from lrfind.cli.measure_options import KEYS, MeasureOptions, check
from lrfind.cli.outputs import RUNS, check_apart, check_config, check_files, distinct, starting_folder
from lrfind.cli.terminal import say
from lrfind.core.errors import LrfindError

if TYPE_CHECKING:
    from lrfind.config.load import Loaded


class Sources:
    """One or more configs on a command line.

    Args:
        configs: file names; ``-`` for standard input.
        wishes: the options.

    Attributes:
        start: the working directory, before the user's code runs.
        runs: the folder of the runs, where --out names none.
    """

    def __init__(self, configs: Sequence[str], wishes: MeasureOptions) -> None:
        self.configs = configs
        self.wishes = wishes
        self.start = starting_folder()
        self.runs = RUNS
        self._piped: str | None = None

    def _check(self) -> None:
        """Refuse what could only fail after the measuring."""
        check(self.configs, self.wishes)
        configs = [source for source in self.configs if self._is_config(source)]
        check_files(self._outputs, configs, "the config")
        folders = [self._folder(name) for name in distinct([self._name_of(source) for source in configs])]
        check_apart(self._outputs, [*filter(None, folders)])
        if any(self._outputs.values()):
            for source in configs:
                check_config(self._outputs, source, self._loadable(source), self.wishes.overrides)

    @property
    def _outputs(self) -> dict[str, Path | None]:
        """The files besides the run directory that are asked for, by option."""
        return {"--plot": self.wishes.plot, "--output": self.wishes.output}

    def _is_config(self, source: str) -> bool:
        """Whether a source is a config, to be read before anything is measured."""
        return True

    def _name_of(self, source: str) -> str:
        """The name of a config's run."""
        from lrfind.config.load import name_of

        return name_of(source)

    def _names(self) -> list[str]:
        """The name of each config's folder in --out, no two the same; said where it is not the config's own."""
        configs = [source for source in self.configs if self._is_config(source)]
        names = distinct([self._name_of(source) for source in configs])
        for source, name in zip(configs, names, strict=True):
            own, folder = self._name_of(source), self._folder(name)
            if name != own and folder is not None and not self.wishes.quiet:
                say(f"lrfind: another config is called {own}, so the run of {source} goes to {folder}")
        left = iter(names)
        return [next(left) if self._is_config(source) else "" for source in self.configs]

    def _loadable(self, source: str) -> Loaded | None:
        """A config before its turn; None where something is wrong with it, which is said when its turn comes."""
        try:
            return self._load(source)
        except LrfindError:
            return None

    def _load(self, source: str) -> Loaded:
        if source == "-" and self._piped is None:
            self._piped = piped()
        return load_with(source, self.wishes.overrides, self.wishes.flags, KEYS, stdin=self._piped)

    def _folder(self, name: str) -> Path | None:
        """The run directory that --out names; one in it for each of several configs."""
        out = self.wishes.out
        return out / name if out is not None and len(self.configs) > 1 else out
