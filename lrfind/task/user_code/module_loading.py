"""Tell files of a Python environment from a user's own code, and import the user's own."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import FileFinder, ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGES = ("site-packages", "dist-packages")
"""Folders of installed packages, by name."""

MARKS = ("pyvenv.cfg", "conda-meta")
"""What lies at the top of a virtual environment, and of one of conda."""

STDLIB = ("os.py", "encodings")
"""What lies at the top of the standard library of any Python."""

PACKAGE = Path(__file__).resolve().parents[2]


def environment(path: Path) -> Path | None:
    """Return the Python environment or installation that a file lies in, symbolic links followed.

    Args:
        path: path of the file, which need not exist.

    Returns:
        The environment's folder: `site-packages`, a folder with `pyvenv.cfg` or `conda-meta`, one into which this very
        file was installed (``pip install --target``), the standard library of any Python, the prefix of the running
        one, or lrfind itself. None for a file in none of them.
    """
    real = path.resolve()
    for folder in real.parents:
        if folder.name in PACKAGES or any((folder / mark).exists() for mark in MARKS):
            return folder
        if all((folder / mark).exists() for mark in STDLIB) or _is_installed(real.relative_to(folder), folder):
            return folder
    return next((folder for folder in _installation() if real.is_relative_to(folder)), None)


def _is_installed(file: Path, folder: Path) -> bool:
    """Return whether a record of an installed package in a folder lists a file, by its path in there."""
    line = f"{file.as_posix()},"
    for record in folder.glob("*.dist-info/RECORD"):
        with contextlib.suppress(OSError):
            if any(entry.startswith(line) for entry in record.read_text("utf-8", "replace").splitlines()):
                return True
    return False


def _installation() -> Iterator[Path]:
    """Yield the folders of the running Python, but no `src` of a prefix such as /usr, where people's projects lie."""
    yield PACKAGE
    for name in ("stdlib", "platstdlib", "purelib", "platlib"):
        yield Path(sysconfig.get_path(name)).resolve()
    for prefix in {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}:
        root = Path(prefix).resolve()
        if root != root.parent and root.is_dir():
            yield from (path for path in root.iterdir() if path.name != "src")


VARIABLE = "LRFIND_CODE_FOLDERS"
"""The environment variable with the folders of the user's files, for the processes that their code starts."""

ALONE = "_own_"
"""Begins the name of a module that is imported by its path, which follows in hexadecimal."""


class _Source(SourceFileLoader):
    """Loader of source files that neither reads nor writes bytecode."""

    def path_stats(self, path: Any) -> Mapping[str, Any]:
        raise OSError("bytecode is not used")


class _Beside(MetaPathFinder):
    """Finder of modules in the folders of the user's files."""

    def __init__(self) -> None:
        self.folders: list[str] = []
        self.appended: list[str] = []
        self.installed: dict[str, Path] = {}

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if path is None and name.startswith(ALONE):
            with contextlib.suppress(ValueError):  # The user's own name.
                file = bytes.fromhex(name.removeprefix(ALONE)).decode(errors="surrogateescape")
                return importlib.util.spec_from_file_location(name, file, loader=_Source(name, file))
        if path is None and name in sys.stdlib_module_names:
            return None
        folders = self.folders
        if path is not None:
            folders = [folder for folder in path if any(Path(folder).is_relative_to(own) for own in self.folders)]
        for folder in folders:
            spec = FileFinder(folder, (_Source, [".py"])).find_spec(name)
            if spec is not None and spec.loader is not None and environment(Path(str(spec.origin))) is None:
                return spec
        if path is None and any(Path(folder, name).is_dir() for folder in folders):
            # A folder without __init__.py, where nothing installed has its name.
            return PathFinder.find_spec(name, None) or PathFinder.find_spec(name, folders)
        return None


_BESIDE = _Beside()
"""One for the process: its folders are those of the files loaded last."""


def is_own(names: Mapping[str, Any]) -> bool:
    """Return whether a module is the user's, by its namespace."""
    return isinstance(names.get("__loader__"), _Source)


def _own_files() -> dict[str, Path]:
    """Return the files of the user's modules that have been run, by the modules' names."""
    modules = [(name, getattr(module, "__dict__", {})) for name, module in list(sys.modules.items())]
    return {name: Path(str(names.get("__file__"))) for name, names in modules if is_own(names)}


def loaded() -> list[str]:
    """Return the names of the user's files that have been run, and of the installed modules that targets named."""
    return [*(path.name for path in _own_files().values()), *_BESIDE.installed]


def digest() -> str:
    """Return a hash of the sources that `loaded` names, those beside the files that targets name included."""
    content = hashlib.blake2b(digest_size=16)
    for name, path in sorted((_own_files() | _BESIDE.installed).items()):
        content.update(f"{name}\0".encode())
        content.update(path.read_bytes() if path.is_file() else b"")
    return content.hexdigest()


def forget() -> None:
    """Forget the user's modules of the run before."""
    for name in _own_files():
        del sys.modules[name]
    search(())
    _BESIDE.installed = {}


def search(folders: Sequence[str]) -> None:
    """Let imports look for the user's modules in these folders alone, in this process and in those it starts."""
    for folder in set(_BESIDE.appended) & set(sys.path):
        sys.path.remove(folder)
    _BESIDE.folders = list(folders)
    if _BESIDE not in sys.meta_path:
        sys.meta_path.insert(0, _BESIDE)
    _BESIDE.appended = [folder for folder in folders if folder not in sys.path]
    sys.path += _BESIDE.appended
    os.environ[VARIABLE] = os.pathsep.join(folders)
    importlib.invalidate_caches()


def import_file(path: Path, root: Path) -> ModuleType:
    """Import a file; one whose name is that of another module, under a name of its own.

    Args:
        path: path of the file, links followed.
        root: outermost folder of packages around it.
    """
    parts, folder = [path.stem], path.parent
    while folder != root and (folder / "__init__.py").exists() and folder.name.isidentifier():
        parts.insert(0, folder.name)
        folder = folder.parent
    if path.name == "__init__.py" and len(parts) > 1:
        parts.pop()
    search(list(dict.fromkeys([*_BESIDE.folders, str(folder)])))
    top = parts[0]
    taken = sys.modules.get(top) is not None and top not in _own_files()
    if not taken and top not in sys.stdlib_module_names and all(part.isidentifier() for part in parts):
        module = importlib.import_module(".".join(parts))
        if Path(getattr(module, "__file__", None) or "").resolve() == path:
            return module  # Else another folder's file of the same name was there first.
    return importlib.import_module(ALONE + str(path).encode(errors="surrogateescape").hex())


def note_installed(module: ModuleType) -> None:
    """Count an installed module among the sources."""
    if module.__file__:
        _BESIDE.installed[module.__name__] = Path(module.__file__)
