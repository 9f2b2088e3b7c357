"""Settings of the C library's allocator."""

from __future__ import annotations

import ctypes
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from lrfind.core.errors import InputError

TRIM_THRESHOLD, MMAP_MAX, ARENA_MAX = -1, -4, -8
"""Parameters of glibc's `mallopt`, as its malloc.h numbers them."""

KEPT = 2**31 - 1
"""Bytes at the end of the heap that are kept for what comes next; what is more goes back to the system."""


def keep_freed() -> None:
    """Have freed memory kept for the next call, instead of given back to the system; only glibc can be told to.

    XLA asks for a program's workspace anew at every call. glibc maps blocks of that size, and the kernel has to clear
    them page by page: 70 MB cost a small transformer 50 ms, of chunks of 400. Nothing may be mapped, then, and all
    threads have to share the one heap that can grow that far. To be called before there are other threads, in a process
    of one's own: it is never undone.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # Another C library, musl say.
        return
    for parameter, value in ((ARENA_MAX, 1), (MMAP_MAX, 0), (TRIM_THRESHOLD, KEPT)):
        mallopt(parameter, value)


NEEDED: Mapping[str, Any] = {
    **dict.fromkeys(("jax_debug_nans", "jax_debug_infs", "jax_disable_jit", "jax_check_tracer_leaks"), False),
    "jax_numpy_dtype_promotion": "standard",
    "jax_numpy_rank_promotion": "allow",
    **{f"jax_transfer_guard{way}": "allow" for way in ("", "_host_to_device", "_device_to_host", "_device_to_device")},
}
"""Settings that turn into errors what a range test does on purpose (a loss that is no number any more), or what code
may do by default. None of them moves a number."""

LOGGERS = ("jax._src.callback", "jax._src.debugging")
"""Where JAX prints the traceback of what a callback raises, which it passes on as an error as well."""

_aside: dict[str, Any] = {}

PROBE = """
try:
    import jaxlib.xla_client
    jaxlib.xla_client.make_cpu_client()
except BaseException:
    pass
"""
"""What reads ``XLA_FLAGS``, and is ended by XLA where they are wrong."""


@contextmanager
def readable() -> Iterator[None]:
    """Refuse settings of the environment that JAX or XLA cannot read, around the first import of JAX.

    XLA ends the process where it does not know one of ``XLA_FLAGS``; a process that is there for it tries them.

    Raises:
        InputError: one of them is wrong; the text names it.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    probe = None
    if flags.strip() and "jax" not in sys.modules:
        probe = subprocess.Popen(
            [sys.executable, "-P", "-c", PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
    try:
        yield
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        names = sorted(name for name in os.environ if name.startswith("JAX_"))
        given = [f"{name}={os.environ[name]}" for name in [name for name in names if name in str(error)] or names]
        if not given:
            raise
        raise InputError(
            f"JAX cannot be imported with {', '.join(given)[:400]}: {error}; correct or unset what is wrong"
        ) from error
    finally:
        output = probe.communicate()[1].decode(errors="replace") if probe is not None else ""
    if probe is not None and probe.returncode:
        why = output.strip().splitlines()[-1].rpartition("] ")[2] if output.strip() else "it does not start with them"
        raise InputError(f"XLA refuses XLA_FLAGS={flags}: {why[:400]}; correct or unset it")


def set_aside() -> dict[str, Any]:
    """Give the settings that a run needs their values.

    Returns:
        Those that had another value, with that value.
    """
    import jax

    known = {name: getattr(jax.config, name, needed) for name, needed in NEEDED.items()}
    # The guard of every direction is None where only the common one is set.
    before = {name: value for name, value in known.items() if value is not None and value != NEEDED[name]}
    for name, value in before.items():
        jax.config.update(name, NEEDED[name])
        _aside.setdefault(name, value)
    return before


def said_of_aside() -> str:
    """Return a sentence about the settings set aside since the last call; empty without any."""
    given = ", ".join(f"{name}={value}" for name, value in _aside.items())
    _aside.clear()
    return given and f"set aside for this run, which would not come to its end with it: {given}"


@contextmanager
def set_aside_within() -> Iterator[None]:
    """Set settings aside within a caller's own process, and put them back."""
    import jax

    before = set_aside()
    try:
        with ExitStack() as stack:
            for name in before:
                if (scope := getattr(jax, name.removeprefix("jax_"), None)) is not None:  # Counts more in this thread.
                    stack.enter_context(scope(NEEDED[name]))
            yield
    finally:
        for name, value in before.items():
            jax.config.update(name, value)


def quiet_callbacks() -> None:
    """Let JAX print no traceback of what a callback raised: that is told in a sentence."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_no_traceback)


def _no_traceback(record: logging.LogRecord) -> bool:
    return record.exc_info is None
