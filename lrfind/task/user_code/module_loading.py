"""Importing the user's files, with the modules beside them.

A file is imported as Python would import it from a script beside it: modules of its folder (or of the folder above its
package) come before installed ones, but never before Python's own, and never for what has been imported already. Source
is read every time and no bytecode is left beside it, so what is fingerprinted is what ran. What lies in a Python
environment (see `lrfind.task.user_code.environment`) is imported as usual, and is none of the user's files.

Processes that the user's code starts import the same modules by the same names. They inherit `sys.path`, at whose end
the folders stand, and find in `VARIABLE` the folders that come first; see `lrfind.task.user_code.worker_processes`.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import FileFinder, ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from lrfind.task.user_code.environment import environment

VARIABLE = "LRFIND_CODE_FOLDERS"
"""The environment variable with the folders of the user's files, for the processes that their code starts."""

ALONE = "_own_"
"""Begins the name of a module that is imported by its path, which follows in hexadecimal."""


class _Source(SourceFileLoader):
    """Loader of source files that neither reads nor writes bytecode."""

    def path_stats(self, path: Any) -> Mapping[str, Any]:
        raise OSError("bytecode is not used")

    def _cache_bytecode(self, source_path: str, cache_path: str, data: bytes) -> None: ...


class _Beside(MetaPathFinder):
    """Finder of modules in the folders of the user's files."""

    def __init__(self) -> None:
        self.folders: list[str] = []
        self.appended: list[str] = []
        self.installed: dict[str, Path] = {}

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        del target
        if path is None and name.startswith(ALONE):
            return _spec_alone(name)
        if path is None and name in sys.stdlib_module_names:
            return None
        folders = self.folders if path is None else [folder for folder in path if self._ours(folder)]
        for folder in folders:
            spec = FileFinder(folder, (_Source, [".py"])).find_spec(name)
            if spec is not None and spec.loader is not None and environment(Path(str(spec.origin))) is None:
                return spec
        if path is None and any(Path(folder, name).is_dir() for folder in folders):
            # A folder without __init__.py, where nothing installed has its name.
            return PathFinder.find_spec(name, None) or PathFinder.find_spec(name, folders)
        return None

    def _ours(self, path: str) -> bool:
        return any(Path(path).is_relative_to(folder) for folder in self.folders)


_BESIDE = _Beside()
"""One for the process: its folders are those of the files loaded last."""


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


def loaded() -> list[str]:
    """Return the names of the user's files that have been run, and of the installed modules that targets named."""
    files = [Path(str(module.__file__)).name for module in list(sys.modules.values()) if _is_own(module)]
    return [*files, *_BESIDE.installed]


class Modules:
    """The user's modules of one run; a new one forgets the modules of the one before."""

    def __init__(self) -> None:
        for name in [name for name, module in list(sys.modules.items()) if _is_own(module)]:
            del sys.modules[name]
        search(())
        _BESIDE.installed = {}

    def file(self, path: Path, root: Path) -> ModuleType:
        """Import a file.

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
        name = ".".join(parts)
        taken = sys.modules.get(parts[0])
        if parts[0] in sys.stdlib_module_names or (taken is not None and not _is_own(taken)) or not _plain(parts):
            return self._alone(path)
        module = importlib.import_module(name)
        if Path(getattr(module, "__file__", None) or "").resolve() != path:
            return self._alone(path)  # Another folder's file of the same name was there first.
        return module

    def note(self, module: ModuleType) -> None:
        """Let an installed module count among the sources."""
        if module.__file__:
            _BESIDE.installed[module.__name__] = Path(module.__file__)

    def digest(self) -> str:
        """Return a hash of the sources of all loaded modules of the user's."""
        files = {name: Path(str(module.__file__)) for name, module in list(sys.modules.items()) if _is_own(module)}
        content = hashlib.blake2b(digest_size=16)
        for name, path in sorted({**files, **_BESIDE.installed}.items()):
            content.update(f"{name}\0".encode())
            content.update(path.read_bytes() if path.is_file() else b"")
        return content.hexdigest()

    def _alone(self, path: Path) -> ModuleType:
        """Import a file whose name is that of another module, under a name of its own."""
        return importlib.import_module(ALONE + str(path).encode(errors="surrogateescape").hex())


def _spec_alone(name: str) -> ModuleSpec | None:
    try:
        path = bytes.fromhex(name.removeprefix(ALONE)).decode(errors="surrogateescape")
    except ValueError:
        return None
    return importlib.util.spec_from_file_location(name, path, loader=_Source(name, path))


def is_own(names: Mapping[str, Any]) -> bool:
    """Return whether a module is the user's, by its namespace."""
    return isinstance(names.get("__loader__"), _Source)


def _is_own(module: Any) -> bool:
    spec = getattr(module, "__spec__", None)
    return isinstance(getattr(spec, "loader", None), _Source)


def _plain(parts: Sequence[str]) -> bool:
    return all(part.isidentifier() for part in parts)
