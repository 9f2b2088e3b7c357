"""Importing the user's files, with the modules beside them.

A file is imported as Python would import it from a script beside it: modules of its folder (or of the folder above its
package) come before installed ones, but never before Python's own, and never for what has been imported already. Source
is read every time and no bytecode is left beside it, so what is fingerprinted is what ran.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import FileFinder, ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any


class _Source(SourceFileLoader):
    """Reads the source and no bytecode, and writes none."""

    def path_stats(self, path: Any) -> Mapping[str, Any]:
        raise OSError("bytecode is not used")

    def _cache_bytecode(self, source_path: str, cache_path: str, data: bytes) -> None: ...


class _Beside(MetaPathFinder):
    """Finds modules in the folders of the user's files."""

    def __init__(self) -> None:
        self.folders: list[str] = []

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        del target
        if path is None and name in sys.stdlib_module_names:
            return None
        places = self.folders if path is None else [each for each in path if self._ours(each)]
        for place in places:
            found = FileFinder(place, (_Source, [".py"])).find_spec(name)
            if found is not None and found.loader is not None:
                return found
        if path is None and any(Path(place, name).is_dir() for place in places):
            # A folder without __init__.py, where nothing installed has its name.
            return PathFinder.find_spec(name, None) or PathFinder.find_spec(name, places)
        return None

    def _ours(self, place: str) -> bool:
        return any(Path(place).is_relative_to(folder) for folder in self.folders)


_BESIDE = _Beside()
"""One for the process: its folders are those of the files loaded last."""


class Modules:
    """The user's modules of one run; a new one forgets the modules of the one before."""

    def __init__(self) -> None:
        for name in [name for name, module in list(sys.modules.items()) if _is_own(module)]:
            del sys.modules[name]
        _BESIDE.folders = []
        if _BESIDE not in sys.meta_path:
            sys.meta_path.insert(0, _BESIDE)
        self._noted: dict[str, Path] = {}

    def file(self, path: Path, root: Path) -> ModuleType:
        """Import a file.

        Args:
            path: of the file, links followed.
            root: the folder that packages around it may begin in.
        """
        parts, folder = [path.stem], path.parent
        while folder != root and (folder / "__init__.py").exists() and folder.name.isidentifier():
            parts.insert(0, folder.name)
            folder = folder.parent
        if path.name == "__init__.py" and len(parts) > 1:
            parts.pop()
        if str(folder) not in _BESIDE.folders:
            _BESIDE.folders.append(str(folder))
        importlib.invalidate_caches()
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
            self._noted[module.__name__] = Path(module.__file__)

    def digest(self) -> str:
        """A hash of the sources of all modules of the user's that are loaded."""
        files = {name: Path(str(module.__file__)) for name, module in list(sys.modules.items()) if _is_own(module)}
        found = hashlib.blake2b(digest_size=16)
        for name, path in sorted({**files, **self._noted}.items()):
            found.update(f"{name}\0".encode())
            found.update(path.read_bytes() if path.is_file() else b"")
        return found.hexdigest()

    def _alone(self, path: Path) -> ModuleType:
        """A file whose name is that of another module, under a name of its own."""
        name = f"_own_{hashlib.blake2b(str(path).encode(), digest_size=6).hexdigest()}"
        if name in sys.modules:
            return sys.modules[name]
        spec = importlib.util.spec_from_file_location(name, path, loader=_Source(name, str(path)))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module


def _is_own(module: Any) -> bool:
    spec = getattr(module, "__spec__", None)
    return isinstance(getattr(spec, "loader", None), _Source)


def _plain(parts: Sequence[str]) -> bool:
    return all(part.isidentifier() for part in parts)
