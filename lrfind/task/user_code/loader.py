"""From ``my_model.py:build`` to the object behind it.

A config is data, and data may run nothing but what its reader expects. So a target names something that is *defined* in
one of the user's own files, never something that such a file only imports:

- A file is the user's own where it lies, symbolic links followed, below a folder of the `ImportPolicy` and in no Python
  environment (`lrfind.task.user_code.module_loading`).
- The names in a target lead through objects, never through a module, and none begins with two underscores.
- A callable, which would be given arguments from the config, must be defined in one of the user's own files, whatever
  wraps it (`defined_in`): `os.system`, `eval`, `functools.partial(subprocess.run)` and methods that a class of the
  user's inherits from a library are refused, by whatever name a file holds them.
- Other values (arrays, tuples, dicts, a module of Flax, a loader of batches) are taken as they are, and called with
  nothing of the config's.

A target in an installed package, which the command line has to name, leads to what is defined in that package.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from lrfind.core.errors import InputError
from lrfind.core.registry import near
from lrfind.task.user_code.module_loading import environment, import_file, is_own, note_installed
from lrfind.task.user_code.tracebacks import kind_of, user_call


@dataclass(frozen=True)
class ImportPolicy:
    """Folders and packages that a user's code may be loaded from.

    Attributes:
        folders: files in these, and below, may be.
        packages: installed packages that may be, by name.
    """

    folders: tuple[Path, ...] = ()
    packages: tuple[str, ...] = ()

    def holds(self, path: Path) -> Path | None:
        """Return the outermost folder that holds a file, links followed on both sides; None without one."""
        real = path.resolve()
        folders = (folder.resolve() for folder in self.folders)
        holding = (folder for folder in folders if real.is_relative_to(folder))
        return min(holding, key=lambda folder: len(folder.parts), default=None)

    def _owns(self, names: Mapping[str, Any]) -> bool:
        """Return whether a module is one of the user's own files, by its namespace."""
        if is_own(names):
            return True
        path = names.get("__file__")
        return isinstance(path, str) and self.holds(Path(path)) is not None and environment(Path(path)) is None

    def load(self, target: str, key: str, is_value: Callable[[Any], bool] = lambda value: False) -> Any:
        """Return the object behind a reference.

        Args:
            target: ``path.py:name`` or ``package.module:name``.
            key: config key of the reference.
            is_value: whether a callable object is not going to be called with anything of the config's.

        Raises:
            InputError: there is no such file, module or name, or it may not be loaded from there, or it is defined
                elsewhere.
            OwnCodeError: the user's code raised while it was imported.
        """
        source, _, name = target.rpartition(":")
        shown, parts = Path(source).name, name.split(".")
        if hidden := next((part for part in parts if part.startswith("__")), None):
            raise InputError(f"'{hidden}' is one of Python's own names; name what {shown} itself defines", key=key)
        is_file = source.endswith(".py")
        module = self._file(Path(source), key) if is_file else self._package(source, key)

        def owns(names: Mapping[str, Any]) -> bool:
            if is_file:
                return self._owns(names)
            return str(names.get("__name__")).partition(".")[0] == source.partition(".")[0]

        with user_call(f"looking up {shown}:{name}"):
            value = module
            for part in parts:
                if not hasattr(value, part):
                    names = _names(value, owns)
                    known = f"; it has {', '.join(names[:8])}" if names and not near(part, names) else ""
                    raise InputError(f"{shown} has no '{part}'{near(part, names)}{known}", key=key)
                value = getattr(value, part)
                if is_module(value):
                    direct = "name the file that defines it" if is_file else f"write {source}.{part}:name"
                    raise InputError(f"'{part}' of {shown} is a module; {direct}", key=key)
            if callable(value) and not defined_in(value, owns) and not (_is_object(value) and is_value(value)):
                module_name = getattr(value, "__module__", None)
                origin = f" (it is of {module_name})" if isinstance(module_name, str) else ""
                raise InputError(
                    f"{shown}:{name} is {kind_of(value)}, which {shown} does not define{origin}; a target runs "
                    f"what {'your own files define' if is_file else 'the package defines'}, so "
                    f"{'write a function of your own around it' if is_file else 'name the package that does'}",
                    key=key,
                )
        return value

    def _file(self, path: Path, key: str) -> Any:
        folder = self.holds(path)
        if folder is None:
            folders = " and ".join(dict.fromkeys(str(folder) for folder in self.folders)) or "no folder"
            parent = "." if path.resolve().is_relative_to(Path.cwd()) else path.resolve().parent
            raise InputError(
                f"{path} lies outside of where code may be loaded from ({folders}); add --allow-code {parent}, move it "
                "beside the config, or install it as a package and name that with --allow-import",
                key=key,
            )
        if (installed := environment(path)) is not None:
            raise InputError(
                f"{path} belongs to the Python environment in {installed}, so it is no file of your own; keep your "
                "code outside of it, or name an installed package as package.module:name with --allow-import",
                key=key,
            )
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "there is no such file"
            others = [file.name for file in path.parent.glob("*.py")] if path.parent.is_dir() else []
            raise InputError(f"{path}: {what}{near(path.name, others)}", key=key)
        with user_call(f"importing {path.name}"):
            return import_file(path.resolve(), folder)

    def _package(self, module: str, key: str) -> Any:
        package = module.partition(".")[0]
        if not all(part.isidentifier() for part in module.split(".")):
            raise InputError(f"'{module}' is neither a file that ends in .py nor the name of a module", key=key)
        if package not in self.packages:
            raise InputError(
                f"code is loaded from files beside the config; to load it from the installed package {package}, "
                f"add --allow-import {package} (for a file write {module.replace('.', '/')}.py)",
                key=key,
            )
        with user_call(f"importing {module}"):
            try:
                loaded = importlib.import_module(module)
            except ModuleNotFoundError as error:
                if error.name == package:
                    raise InputError(f"there is no package {package} installed here", key=key) from None
                if error.name is None or not f"{module}.".startswith(f"{error.name}."):
                    raise
                raise InputError(f"the package {package} has no module {error.name}", key=key) from None
            note_installed(loaded)
            return loaded


def _is_object(value: Any) -> bool:
    """Return whether a callable is neither a function nor a class."""
    return not isinstance(value, type | FunctionType | BuiltinFunctionType | MethodType | partial)


def _names(owner: Any, owns: Callable[[Mapping[str, Any]], bool]) -> list[str]:
    """Return the names in an object that a target may give."""
    return [
        name
        for name, value in (vars(owner) if hasattr(owner, "__dict__") else {}).items()
        if not name.startswith("_") and not is_module(value) and (not callable(value) or defined_in(value, owns))
    ]


DEEPEST = 100
"""Wrappers around one another that are looked through."""

Owns = Callable[[Mapping[str, Any]], bool]
"""Whether a module is one of those asked for, by its namespace."""


def defined_in(value: Any, owns: Owns) -> bool:
    """Return whether a callable is defined in one of the modules asked for.

    A function is where its source is. A class is where it, or one of its bases, is, if what makes its objects is there
    as well, or is Python's own (`object`, `dict`). An object is where its class, or one of its bases, and that class's
    `__call__` are. What only passes a call on (`functools.partial`, a bound method, a decorator that sets
    `__wrapped__`, such as `jax.jit`) is where the function behind it is.

    Args:
        value: callable.
        owns: whether a module is one of them, by its namespace.
    """
    for _ in range(DEEPEST):
        if isinstance(value, type):
            return _derives(value, owns) and _is_made_in(value, owns)
        if isinstance(value, BuiltinFunctionType):
            return owns(_namespace(value))
        if isinstance(value, FunctionType) and owns(value.__globals__):
            return True
        if not isinstance(value, FunctionType | MethodType | partial) and _derives(type(value), owns):
            call = type(value).__call__
            if defined_in(getattr(call, "__objclass__", call), owns):
                return True
        if isinstance(value, MethodType):
            value = value.__func__
        elif isinstance(value, partial):
            value = value.func
        else:
            value = getattr(value, "__wrapped__", None)
        if not callable(value):
            return False
    return False


def _derives(kind: type, owns: Owns) -> bool:
    return any(owns(_namespace(base)) for base in kind.__mro__)


def _is_made_in(kind: type, owns: Owns) -> bool:
    """Return whether the constructor of a class, the nearest `__new__` or `__init__`, is defined there or built in."""
    maker = next(base for base in kind.__mro__ if {"__new__", "__init__"} & vars(base).keys())
    return maker.__module__ == "builtins" or owns(_namespace(maker))


def _namespace(value: Any) -> Mapping[str, Any]:
    """Return the namespace of the module that a class or built-in function names; empty without such a module."""
    module = sys.modules.get(str(getattr(value, "__module__", None)))
    return vars(module) if isinstance(module, ModuleType) else {}


def is_module(value: Any) -> bool:
    """Return whether a value is a module, or one of the imported modules."""
    return isinstance(value, ModuleType) or any(value is module for module in list(sys.modules.values()))
