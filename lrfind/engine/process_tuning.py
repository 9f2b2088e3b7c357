"""Settings of the C library's allocator."""

from __future__ import annotations

import ctypes
import sys

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
