"""The peers' environment: a virtual environment of its own, from the pinned list."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / ".benchmark-envs" / "peers"
PYTHON = FOLDER / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def setup() -> None:
    """Create the environment, replacing an old one."""
    venv.create(FOLDER, clear=True, with_pip=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--no-deps", "--compile"]
    subprocess.run([*pip, "-r", str(HERE / "peers" / "requirements.txt")], check=True)
