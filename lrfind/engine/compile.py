"""Compile programs, and seal the entries of JAX's compile cache."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import jax

QUICK_OPTIONS: dict[str, bool | int] = {"xla_backend_optimization_level": 1}
"""Options of XLA's CPU compiler. On the digits network they compile in six tenths of the time, and a step takes 1.4
times as long. (Level 0 compiles in a quarter, but its steps take more than four times as long, which every later run
with a warm cache pays for.)"""

if jax.__version_info__ < (0, 11, 1):  # Later ones know it no more.
    QUICK_OPTIONS["xla_cpu_use_fusion_emitters"] = False


def compile(lowered: Any, effort: Literal["quick", "full"]) -> Any:
    """Compile a lowered program.

    Args:
        lowered: lowered program, as `jax.jit(...).lower(...)` returns it.
        effort: ``"quick"`` for a program that will hardly run.
    """
    if effort == "quick":
        try:
            return lowered.compile(compiler_options=QUICK_OPTIONS)
        except jax.errors.JaxRuntimeError as error:
            if "No such compile option" not in str(error):
                raise
    return lowered.compile()


SEAL = 16
"""Bytes of an entry's seal, which is its end."""

sealed_folders: set[str] = set()
"""Folders whose entries are sealed; other ones are as JAX keeps them."""


class Sealed:
    """JAX's cache in a folder, with sealed entries.

    Args:
        cache: of JAX; has `get` and `put`.
        folder: its folder.
    """

    def __init__(self, cache: Any, folder: Path) -> None:
        self._cache = cache
        self._folder = folder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def get(self, key: str) -> bytes | None:
        """Return the entry of a key; None without one, or if it is damaged, which removes it."""
        try:
            entry = self._cache.get(key)
        except TimeoutError:  # Others hold its lock.
            return None
        except OSError:
            entry = b""
        if entry is None:
            return None
        value = bytes(entry[:-SEAL])
        if entry[-SEAL:] == seal(key, value):
            return value
        with suppress(OSError):
            (self._folder / f"{key}-cache").unlink()
        return None

    def put(self, key: str, value: bytes) -> None:
        """Write an entry. A program that cannot be kept is no reason to fail."""
        with suppress(OSError):
            try:
                self._cache.put(key, value + seal(key, value))
            except FileNotFoundError:
                self._date()
                self._cache.put(key, value + seal(key, value))

    def _date(self) -> None:
        """Give entries without a date, which a kill leaves, the oldest one: without it, JAX writes no other."""
        for entry in self._folder.glob("*-cache"):
            date = entry.with_name(entry.name.removesuffix("-cache") + "-atime")
            if not date.exists():
                date.write_bytes(bytes(8))


def seal(key: str, value: bytes) -> bytes:
    """Return the seal of an entry: a hash of its key and content."""
    return hashlib.sha256(f"{key}\n".encode() + value).digest()[:SEAL]


def seal_folder(folder: Path) -> None:
    """Have JAX seal the entries of a cache in a folder. A JAX that keeps its cache in another way keeps it as it is."""
    sealed_folders.add(str(folder))
    try:
        from jax._src import compilation_cache
    except ImportError:
        return
    make = getattr(compilation_cache, "get_file_cache", None)
    if make is None or getattr(make, "seals", False):
        return

    def made(path: str) -> Any:
        cache = make(path)
        if path not in sealed_folders or not isinstance(cache, tuple):
            return cache
        return Sealed(cache[0], Path(path)), *cache[1:]

    made.seals = True  # type: ignore[attr-defined]
    compilation_cache.get_file_cache = made
