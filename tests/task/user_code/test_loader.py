"""What may be loaded from where, and what is imported beside it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lrfind.core.errors import InputError, OwnCodeError
from lrfind.task.user_code import module_loading
from lrfind.task.user_code.loader import ImportPolicy


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    (inside / "mine.py").write_text("import beside\n\ndef value():\n    return beside.VALUE\n", encoding="utf-8")
    (inside / "beside.py").write_text("VALUE = 1\n", encoding="utf-8")
    (tmp_path / "outside.py").write_text("value = 3\n", encoding="utf-8")
    return inside


def loader(*folders: Path, packages: tuple[str, ...] = ()) -> ImportPolicy:
    module_loading.forget()
    return ImportPolicy(folders, packages)


def test_a_file_with_a_module_beside_it(folder: Path) -> None:
    found = loader(folder)
    assert found.load(f"{folder}/mine.py:value", "model.target")() == 1
    assert list(folder.rglob("*.pyc")) == []
    before = module_loading.digest()
    (folder / "beside.py").write_text("VALUE = 2\n", encoding="utf-8")
    again = loader(folder)
    assert again.load(f"{folder}/mine.py:value", "model.target")() == 2, "read anew, and not from bytecode"
    assert module_loading.digest() != before, "the module beside it counts"


def test_two_folders_with_the_same_names(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for name in ("mine.py", "beside.py"):
        (other / name).write_text((folder / name).read_text(encoding="utf-8").replace("1", "7"), encoding="utf-8")
    assert loader(folder).load(f"{folder}/mine.py:value", "k")() == 1
    assert loader(other).load(f"{other}/mine.py:value", "k")() == 7


def test_a_package_with_relative_imports(folder: Path) -> None:
    package = folder / "nets"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "layers.py").write_text("DEPTH = 5\n", encoding="utf-8")
    (package / "model.py").write_text("from .layers import DEPTH\nclass Deep:\n    depth = DEPTH\n", encoding="utf-8")
    assert loader(folder).load(f"{folder}/nets/model.py:Deep.depth", "k") == 5
    assert loader(package).load(f"{folder}/nets/layers.py:DEPTH", "k") == 5


@pytest.mark.parametrize("name", ["json.py", "numpy.py", "two words.py"])
def test_names_that_are_taken(name: str, folder: Path) -> None:
    """A file is loaded by its path; that it is called as a module of Python's own, or no name at all, takes nothing
    away from anyone."""
    import json

    import numpy

    (folder / name).write_text("value = 9\n", encoding="utf-8")
    assert loader(folder).load(f"{folder}/{name}:value", "k") == 9
    assert sys.modules["json"] is json
    assert sys.modules["numpy"] is numpy


def test_code_outside_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "link.py").symlink_to(tmp_path / "outside.py")
    (folder / "way").symlink_to(tmp_path)
    for path in ("../outside.py", "link.py", "way/outside.py", str(tmp_path / "outside.py")):
        with pytest.raises(InputError, match="lies outside of where code may be loaded from") as caught:
            loader(folder).load(f"{folder / path}:value", "model.target")
        assert caught.value.key == "model.target"
    assert "outside" not in sys.modules
    assert loader(folder, tmp_path).load(f"{tmp_path}/outside.py:value", "k") == 3


@pytest.mark.parametrize(
    "installed",
    [
        ".venv/lib/python3.11/site-packages/shelf.py",
        "vendor/site-packages/shelf/__init__.py",
        "usr/lib/python3/dist-packages/shelf.py",
        "env/shelf.py",
        "conda/lib/shelf.py",
        "versions/3.12/lib/python3.12/shelf.py",
        "lib/shelf.py",
    ],
)
def test_an_environment_below_the_folder_is_none_of_the_users(installed: str, folder: Path) -> None:
    """A target does not load from it, by no way through links, and modules in it are not taken for the user's."""
    (folder / "env").mkdir()
    (folder / "env/pyvenv.cfg").touch()
    (folder / "conda/conda-meta").mkdir(parents=True)
    file = folder / installed
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("def run(): return 1\n", encoding="utf-8")
    (folder / "versions/3.12/lib/python3.12/encodings").mkdir(parents=True)
    (folder / "versions/3.12/lib/python3.12/os.py").touch()
    (folder / "lib/shelf-1.0.dist-info").mkdir(parents=True)
    (folder / "lib/shelf-1.0.dist-info/RECORD").write_text("shelf.py,sha256=0,1\n", encoding="utf-8")
    (folder / "lib/mine.py").write_text("VALUE = 5\n", encoding="utf-8")
    assert loader(folder).load(f"{folder}/lib/mine.py:VALUE", "k") == 5, "no package brought it"
    (folder / "link.py").symlink_to(file)
    (folder / "way").symlink_to(file.parent)
    for path in (file, folder / "link.py", folder / "way" / file.name):
        with pytest.raises(InputError, match="belongs to the Python environment in"):
            loader(folder).load(f"{path}:run", "k")
        with pytest.raises(InputError, match="belongs to the Python environment in"):
            loader(path.parent).load(f"{path}:run", "k")
    search = file.parent.parent if file.name == "__init__.py" else file.parent
    (folder / "user.py").write_text(
        f"import sys\nsys.path.insert(0, {str(search)!r})\nfrom shelf import run\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"which user\.py does not define"):
        loader(folder).load(f"{folder}/user.py:run", "k")
    sys.modules.pop("shelf")
    sys.path.remove(str(search))


def test_this_python_is_none_of_the_users(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    import numpy

    import lrfind.storage.atomic

    for file in (os.__file__, numpy.__file__, lrfind.storage.atomic.__file__):
        with pytest.raises(InputError, match="belongs to the Python environment in"):
            loader(Path("/")).load(f"{file}:path", "k")
    prefix = folder.parent / "prefix"
    for path in (prefix / "share/mine.py", prefix / "src/app/mine.py"):
        path.parent.mkdir(parents=True)
        path.write_text("value = 4\n", encoding="utf-8")
    monkeypatch.setattr(sys, "base_prefix", str(prefix))
    with pytest.raises(InputError, match="belongs to the Python environment in"):
        loader(prefix).load(f"{prefix}/share/mine.py:value", "k")
    assert loader(prefix).load(f"{prefix}/src/app/mine.py:value", "k") == 4, "where images of containers keep projects"


def test_a_door_that_is_reached_through_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(folder)
    assert loader(tmp_path / "alias").load(f"{folder}/beside.py:VALUE", "k") == 1
    assert loader(folder).load(f"{tmp_path}/alias/beside.py:VALUE", "k") == 1


def test_packages_only_by_name(folder: Path) -> None:
    with pytest.raises(InputError, match="add --allow-import fractions"):
        loader(folder).load("fractions:Fraction", "k")
    allowed = loader(folder, packages=("fractions", "email", "absent_package"))
    assert allowed.load("fractions:Fraction", "k")(1) == 1
    assert allowed.load("email.message:Message", "k")
    before = module_loading.digest()
    allowed = loader(folder, packages=("fractions", "email", "absent_package"))
    assert before != module_loading.digest()
    with pytest.raises(InputError, match=r"the package email has no module email\.mesage"):
        allowed.load("email.mesage:Message", "k")
    with pytest.raises(InputError, match="there is no package absent_package"):
        allowed.load("absent_package:x", "k")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("mine.py:valeu", r"mine.py has no 'valeu' \(did you mean 'value'\?\)"),
        ("mine.py:other", "mine.py has no 'other'; it has value"),
        ("mien.py:value", r"there is no such file \(did you mean 'mine.py'\?\)"),
        ("mine.py:value.more", "mine.py has no 'more'"),
    ],
)
def test_references_that_lead_nowhere(target: str, message: str, folder: Path) -> None:
    with pytest.raises(InputError, match=message):
        loader(folder).load(f"{folder}/{target}", "model.target")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "import no_such_module\n",
            "ModuleNotFoundError: No module named 'no_such_module'\n  bad.py:1, in <module>\n    imp",
        ),
        ("def f(:\n", "SyntaxError: .*\n  bad.py:1"),
        (
            "def f():\n    raise ValueError('no')\n\nf()\n",
            "ValueError: no\n  bad.py:4, in <module>\n    f\\(\\)\n  bad.py:2, in f",
        ),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
    ],
)
def test_files_that_raise(text: str, message: str, folder: Path) -> None:
    (folder / "bad.py").write_text(text, encoding="utf-8")
    with pytest.raises(OwnCodeError, match=f"importing bad.py raised {message}"):
        loader(folder).load(f"{folder}/bad.py:f", "k")
    assert "bad" not in sys.modules
