"""Whether every dependency has a wheel for a Python, and whether the tests pass on others; see README.md."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

EXTRAS = ("parquet", "test", "docs", "dev")
"""Extras whose dependencies have to have wheels, beside the dependencies themselves."""


def requirements(extras: Sequence[str] = EXTRAS) -> list[str]:
    """Return the requirements of ``pyproject.toml``, those of extras included, without lrfind itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    named = [*project["dependencies"], *(requirement for extra in extras for requirement in optional[extra])]
    return [requirement for requirement in dict.fromkeys(named) if not requirement.startswith("lrfind")]


def oldest(name: str) -> str:
    """Return a requirement for the oldest allowed release of a dependency: ``jax>=0.7.0`` gives ``jax==0.7.0``."""
    (bound,) = (
        match[1] for text in requirements(()) if (match := re.fullmatch(rf"{name}>=([\d.]+)(,.*)?", text)) is not None
    )
    return f"{name}=={bound}"


def wheels(version: str) -> int:
    """Print the wheels that an installation on a Python would take, and return the exit code.

    Args:
        version: version of Python, ``"3.14"``.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        only = ("--only-binary", ":all:", "--python-version", version, "--target", folder, "--ignore-installed")
        command = [sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--report", str(report), *only]
        asked = subprocess.run([*command, *requirements()], check=False)
        if asked.returncode:
            print(f"no wheels for Python {version}: see above")
            return 1
        installed = json.loads(report.read_text(encoding="utf-8"))["install"]
    for one in sorted(installed, key=lambda one: one["metadata"]["name"].lower()):
        print(f"{one['metadata']['name']:30} {one['metadata']['version']:12} {Path(one['download_info']['url']).name}")
    print(f"{len(installed)} packages, all of them wheels for Python {version}")
    return 0


def tests(python: str, jax: str, arguments: Sequence[str]) -> int:
    """Run the tests in a new environment and return their exit code.

    Args:
        python: interpreter that makes the environment.
        jax: ``"newest"`` or ``"oldest"``.
        arguments: further arguments of pytest.
    """
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-m", "venv", folder], check=True)
        own = str(Path(folder, "Scripts" if sys.platform == "win32" else "bin", "python"))
        pinned = [oldest("jax"), oldest("jax").replace("jax==", "jaxlib==")] if jax == "oldest" else []
        subprocess.run([own, "-m", "pip", "install", "-q", "-e", f"{ROOT}[test]", *pinned], check=True)
        show = "import sys, jax, optax, numpy; print('Python', sys.version.split()[0], end=''); "
        show += "print(''.join(f', {m.__name__} {m.__version__}' for m in (jax, optax, numpy)))"
        ended = subprocess.run([own, "-m", "pytest", "-n", "2", *arguments], cwd=ROOT, check=False)
        subprocess.run([own, "-c", show], check=True)
    return ended.returncode


def main() -> int:
    """Read the command line, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--wheels", metavar="VERSION", help="version of Python to resolve for, such as 3.14")
    what.add_argument("--python", metavar="INTERPRETER", help="interpreter to run the tests with")
    parser.add_argument("--jax", choices=("newest", "oldest"), default="newest", help="release of JAX for --python")
    parser.add_argument("arguments", nargs="*", help="further arguments of pytest, after --")
    options = parser.parse_args()
    if options.wheels:
        return wheels(options.wheels)
    return tests(options.python, options.jax, options.arguments)


if __name__ == "__main__":
    sys.exit(main())
