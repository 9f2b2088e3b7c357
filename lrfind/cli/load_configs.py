"""A config with what the command line says over it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lrfind.core.errors import ConfigError

if TYPE_CHECKING:
    from lrfind.config.load import Loaded


def load_with(
    source: str,
    settings: Sequence[str],
    flags: Mapping[str, Any],
    keys: Mapping[str, str],
    more: Sequence[str] = (),
    stdin: str | None = None,
) -> Loaded:
    """Load a config; a value that came by an option of its own is called by that option where it is wrong.

    Args:
        source: a file; ``-`` for standard input.
        settings: of ``--set``.
        flags: option -> its value.
        keys: option -> the config key that it stands for.
        more: settings that follow from the options.
        stdin: what standard input held, where it was read before.

    Raises:
        ConfigError: all that is wrong with it.
    """
    from lrfind.config.load import load

    overrides = [*settings, *(f"{keys[flag]}={value}" for flag, value in flags.items()), *more]
    named = {keys[flag]: flag for flag in flags}
    text = piped() if source == "-" and stdin is None else stdin
    try:
        return load(source, overrides, stdin_text=text)
    except ConfigError as error:
        problems = []
        for problem in error.problems:
            key = problem.key.removesuffix(".name")
            if problem.where == "--set" and key in named:
                problem = replace(problem, where=named[key], key="")
            problems.append(problem)
        raise ConfigError(problems) from None


def piped() -> str:
    """Read the config on standard input.

    Raises:
        ConfigError: it cannot be read, is no text, or is far too large for a config.
    """
    from lrfind.config.read_text import read_stream

    return read_stream(sys.stdin.buffer, "stdin")
