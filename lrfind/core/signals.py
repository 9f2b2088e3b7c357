"""Detection of a stop by a signal, to tell Ctrl-C from a ``KeyboardInterrupt`` that user code raises."""

from __future__ import annotations

import time
from collections.abc import Callable

GRACE = 0.2
"""Seconds that a ``KeyboardInterrupt`` waits for its signal. Ctrl-C reaches every process of a terminal, and a loader's
worker may pass its own on before this process has noted the signal."""

asked: Callable[[], bool] | None = None
"""Tells whether a signal came; None where nobody notes signals, as in a script that calls `lrfind.find`."""


def stopped(error: BaseException) -> bool:
    """Return whether an error of the user's code comes from a signal.

    Args:
        error: what the code raised.

    Returns:
        True after Ctrl-C or SIGTERM; where nobody notes signals, for every ``KeyboardInterrupt``.
    """
    if asked is None:
        return isinstance(error, KeyboardInterrupt)
    if isinstance(error, KeyboardInterrupt):
        deadline = time.monotonic() + GRACE
        while not asked() and time.monotonic() < deadline:
            time.sleep(0.01)
    return asked()
