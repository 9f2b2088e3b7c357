"""Facts about the machine and the packages, for the head of the report."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path

OURS = ["lrfind", "jax", "jaxlib", "optax", "numpy", "matplotlib"]
PEERS = ["torch", "torch-lr-finder", "pytorch-ignite", "fastai", "lightning", "numpy", "matplotlib"]

_VERSIONS = """
import json, platform, sys
from importlib.metadata import version
print(json.dumps({"python": platform.python_version()} | {name: version(name) for name in sys.argv[1:]}))
"""


def facts(python: str, peers_python: str | None) -> dict[str, object]:
    """Cores, processor, system, and the versions in both environments."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "lrfind": _versions(python, OURS),
        "peers": _versions(peers_python, PEERS) if peers_python else {},
    }


def _versions(python: str, names: list[str]) -> dict[str, str]:
    done = subprocess.run([python, "-c", _VERSIONS, *names], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
