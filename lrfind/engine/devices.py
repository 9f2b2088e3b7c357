"""Platform, compile cache and its seals, versions and settings: all that is set before JAX runs, or moves bits."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache as once
from pathlib import Path
from typing import Any

from lrfind.core.errors import InputError, RunError
from lrfind.engine import jax_settings

CACHE_LIMIT = 2**30
"""Bytes the compile cache may hold. With a limit JAX takes a file lock around each read and write, which makes the
cache safe between processes, and drops the entries that were not used for longest."""

KIND = ("flags", "Features", "model name", "cache size", "CPU implementer", "CPU part")
"""Lines of ``/proc/cpuinfo`` that tell one kind of processor from another."""

MOVING = re.compile(
    "x64|precision|prng|threefry|seed_offset|gumbel|softmax|reductions|disable_jit|optimiz|effort|fitting|remat|linearize"
    "|partitioner|scan3|vjp3|ragged|lowering|poison|folding"
)
"""Words in the names of JAX's settings that change what is computed; others change what is checked, kept or said."""

ENVIRONMENT = ("LIBTPU_INIT_ARGS", "NVIDIA_TF32_OVERRIDE", "TF_CUDNN_DETERMINISTIC")
"""Variables that libraries below JAX compute by."""

FRAMEWORKS = ("flax", "equinox", "haiku", "keras")
"""What the user's models may be made with; their versions count where they are loaded."""

BOOLEANS = {"": "true", "1": "true", "true": "true", "0": "false", "false": "false"}
"""Other spellings of a flag's value."""


def cache_folder() -> Path:
    """Return the folder of the compile cache: ``$LRFIND_CACHE_DIR``, or lrfind in the user's cache folder."""
    if own := os.environ.get("LRFIND_CACHE_DIR"):
        return Path(own)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "lrfind"


def machine() -> str:
    """Return a short name of this kind of processor.

    Compiled CPU code must not reach another kind over a shared home folder, and other cache sizes make XLA add up in
    another order.
    """
    try:
        facts = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split("\n\n")[0].splitlines()
        kind = "\n".join(line for line in facts if line.startswith(KIND))
    except OSError:
        kind = platform.processor()
    return f"{platform.machine()}-{hashlib.blake2b(kind.encode(), digest_size=4).hexdigest()}"


@once
def cores() -> int:
    """Return the number of usable processors, as XLA counts: ``$NPROC``, or those that the process may run on."""
    if (reserved := os.environ.get("NPROC", "")).isdecimal() and int(reserved):
        return int(reserved)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def settings() -> dict[str, Any]:
    """Return all that moves bits beside config, data, code, versions and machine; the user's code is loaded before."""
    import jax

    values = getattr(jax.config, "values", {})
    moving = [(name, values[name]) for name in sorted(values) if MOVING.search(name)]
    return {
        "usable_cores": cores(),
        **{name: value if isinstance(value, bool | int | float | None) else str(value) for name, value in moving},
        "XLA_FLAGS": xla_flags(os.environ.get("XLA_FLAGS", "")),
        **{name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
        **{name: str(getattr(sys.modules[name], "__version__", "")) for name in FRAMEWORKS if name in sys.modules},
    }


def xla_flags(text: str) -> str:
    """Return XLA's flags in one order, the last of repeated ones, without flags that only write files.

    Args:
        text: as in ``$XLA_FLAGS``: flags, or the name of a file of flags.
    """
    if text.strip() and not text.lstrip().startswith("-"):
        try:
            text = Path(text.strip()).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return text
    given = dict(flag.partition("=")[::2] for flag in text.split())
    kept = {name: BOOLEANS.get(value.lower(), value) for name, value in given.items() if "xla_dump" not in name}
    return " ".join(f"{name}={kept[name]}" for name in sorted(kept))


def configure(device: str | None = None, *, cache: bool = True) -> str:
    """Import JAX and set it up.

    Args:
        device: ``"cpu"``, ``"gpu"`` or ``"tpu"``; None for JAX's own choice.
        cache: keep compiled programs between processes.

    Returns:
        The platform in use.

    Raises:
        InputError: there is no such device.
    """
    if device == "cpu":
        # Before the import: finding accelerators takes longer than a small sweep.
        os.environ["JAX_PLATFORMS"] = "cpu"
    with jax_settings.readable():
        import jax

    cores()
    if device in ("gpu", "tpu"):
        try:
            jax.config.update("jax_default_device", jax.devices(device)[0])
        except RuntimeError:
            raise InputError(f"JAX finds no {device} here; install jax's extra for it, or use --device cpu") from None
    try:
        used = str(device_of(jax).platform)
    except (RuntimeError, AssertionError):
        wanted = os.environ.get("JAX_PLATFORMS", "")
        raise InputError(f"JAX cannot start with JAX_PLATFORMS={wanted}; unset it, or use --device cpu") from None
    if cache:
        try:
            folder = cache_folder().absolute() / f"xla-{machine()}"
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, RuntimeError):  # The latter where the user has no home folder.
            return used
        if not os.access(folder, os.W_OK):
            return used  # A cache that cannot be written is no reason to fail.
        seal_folder(folder)
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_compilation_cache_max_size", CACHE_LIMIT)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    return used


def device_of(jax: Any) -> Any:
    """Return the device of computations."""
    return jax.config.jax_default_device or jax.devices()[0]


def environment() -> dict[str, Any]:
    """Return versions and device, for the result file."""
    import jax
    import jaxlib
    import numpy
    import optax

    from lrfind.core import __version__

    device = device_of(jax)
    return {
        "lrfind": __version__,
        "python": platform.python_version(),
        **{library.__name__: library.__version__ for library in (jax, jaxlib, numpy, optax)},
        "platform": device.platform,
        "device": device.device_kind,
        "device_count": jax.device_count(),
    }


@contextmanager
def failures() -> Iterator[None]:
    """Turn what JAX raises while the run goes into a sentence."""
    import jax

    try:
        yield
    except (jax.errors.JaxRuntimeError, MemoryError) as error:
        text = str(error)
        if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in text or "Out of memory" in text:
            raise RunError("memory ran out; lower data.batch_size, sweep.seeds or the model's size") from error
        raise RunError(f"the run failed inside of JAX: {text.splitlines()[0]}") from error


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
