"""From ``my_model.py:build`` to the object behind it. Files under the door's folders, and packages it names, alone."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lrfind.errors import InputError
from lrfind.own.modules import Modules
from lrfind.own.trouble import guarded
from lrfind.registry import near


@dataclass(frozen=True)
class Door:
    """Where the user's own code may be loaded from.

    Attributes:
        folders: files in these, and below, may be.
        packages: installed packages that may be, by name.
    """

    folders: tuple[Path, ...] = ()
    packages: tuple[str, ...] = ()

    def holds(self, path: Path) -> Path | None:
        """The folder that a file lies in, symbolic links followed on both sides; None where none does."""
        real = path.resolve()
        folders = (folder.resolve() for folder in self.folders)
        return next((folder for folder in folders if real.is_relative_to(folder)), None)


@dataclass
class Loader:
    """Loads references, each module once.

    Attributes:
        door: where from.
    """

    door: Door
    _modules: Modules = field(default_factory=Modules)

    def load(self, target: str, key: str) -> Any:
        """The object behind a reference.

        Args:
            target: ``path.py:name`` or ``package.module:name``.
            key: the config key that holds it.

        Raises:
            InputError: there is no such file, module or name, or it may not be loaded from there.
            OwnCodeError: the module raised while it was imported.
        """
        place, _, name = target.rpartition(":")
        found = self._file(Path(place), key) if place.endswith(".py") else self._package(place, key)
        shown = Path(place).name
        for part in name.split("."):
            if not hasattr(found, part):
                own = [each for each in vars(found) if not each.startswith("_")] if hasattr(found, "__dict__") else []
                names = f"; it has {', '.join(own[:8])}" if own and not near(part, own) else ""
                raise InputError(f"{shown} has no '{part}'{near(part, own)}{names}", key=key)
            found = getattr(found, part)
        return found

    def digest(self) -> str:
        """A hash of the source of every file that was loaded, those beside the named ones included."""
        return self._modules.digest()

    def _file(self, path: Path, key: str) -> Any:
        folder = self.door.holds(path)
        if folder is None:
            folders = " and ".join(dict.fromkeys(str(each) for each in self.door.folders)) or "nowhere"
            raise InputError(
                f"{path} lies outside of where code may be loaded from ({folders}); move it beside the config, or "
                "install it as a package and name that with --allow-import",
                key=key,
            )
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "there is no such file"
            others = [each.name for each in path.parent.glob("*.py")] if path.parent.is_dir() else []
            raise InputError(f"{path}: {what}{near(path.name, others)}", key=key)
        with guarded(f"importing {path.name}"):
            return self._modules.file(path.resolve(), folder)

    def _package(self, module: str, key: str) -> Any:
        package = module.partition(".")[0]
        if not all(part.isidentifier() for part in module.split(".")):
            raise InputError(f"'{module}' is neither a file that ends in .py nor the name of a module", key=key)
        if package not in self.door.packages:
            raise InputError(
                f"code is loaded from files beside the config; to load it from the installed package {package}, "
                f"add --allow-import {package} (for a file write {module.replace('.', '/')}.py)",
                key=key,
            )
        try:
            spec = importlib.util.find_spec(package)
        except (ImportError, ValueError):
            spec = None
        if spec is None:
            raise InputError(f"there is no package {package} installed here", key=key)
        with guarded(f"importing {module}"):
            try:
                found = importlib.import_module(module)
            except ModuleNotFoundError as error:
                if error.name is None or not f"{module}.".startswith(f"{error.name}."):
                    raise
                raise InputError(f"the package {package} has no module {error.name}", key=key) from None
            self._modules.note(found)
            return found
