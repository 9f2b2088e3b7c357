"""One config through everything that reads it, in this process: what came of it, in a word."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

from lrfind.config.load import load
from lrfind.core.errors import ConfigError, InputError
from lrfind.core.printable import UNPRINTABLE, harmless

SLOW = 5.0
"""Seconds after which reading counts as hanging."""


@dataclass(frozen=True)
class Outcome:
    """What came of a file.

    Attributes:
        kind: ``"refused"`` or ``"accepted"``; what must not be: ``"traceback"``, ``"memory"``, ``"no place"``,
            ``"hang"``, ``"raw"``.
        said: the message.
    """

    kind: str
    said: str = ""

    @property
    def good(self) -> bool:
        return self.kind in ("refused", "accepted")


def read_config(path: Path) -> Outcome:
    """Load a config."""
    begin = time.process_time()
    try:
        load(path)
        outcome = Outcome("accepted")
    except ConfigError as error:
        outcome = judge(str(error), all(problem.where for problem in error.problems), path)
    except InputError as error:
        outcome = judge(str(error), bool(error.key), path)
    except Exception as error:
        return Outcome("traceback", f"{type(error).__name__}: {error}"[:300])
    return Outcome("hang", outcome.said) if time.process_time() - begin > SLOW else outcome


def judge(said: str, placed: bool, path: Path) -> Outcome:
    """Whether a message is one for a user."""
    if not said.strip() or not (placed or str(path) in said):
        return Outcome("no place", said)
    return Outcome("raw", said) if re.search(f"[{UNPRINTABLE}]", harmless(said)) else Outcome("refused", said)


def read_data(path: Path) -> Outcome:
    """Load a config and its data, as far as it goes without JAX."""
    from lrfind.core.registry import DATA
    from lrfind.task.data.prepare import prepare

    begin = time.process_time()
    try:
        loaded = load(path)
        section = loaded.config.data
        prepare(DATA[section.name].load()(section), section, loaded.config.loss)
        outcome = Outcome("accepted")
    except InputError as error:
        outcome = judge(str(error), bool(error.key), path)
    except MemoryError:
        return Outcome("memory", "MemoryError")
    except Exception as error:
        return Outcome("traceback", f"{type(error).__name__}: {error}"[:300])
    return Outcome("hang", outcome.said) if time.process_time() - begin > SLOW else outcome


def parses(outcome: Outcome) -> bool:
    """Whether a config was YAML, whatever else is wrong with it."""
    return not any(words in outcome.said for words in ("not YAML", "is not UTF-8", "is UTF-16", "is larger than"))
