"""`python benchmarks/outputs`: whether every command still writes what it wrote before, to the byte.

``--record FILE`` keeps a hash of every output; ``--against FILE`` compares with those. Hashes belong to one machine and
one set of packages: record them before a change, compare after it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sys
import time
from pathlib import Path
from tempfile import gettempdir

from filelock import FileLock
from outputs import collect
from scenarios import FIRST, LAST


def main() -> int:
    """Run the scenarios; 1 where an output differs, is missing, or is new."""
    parser = argparse.ArgumentParser(prog="python benchmarks/outputs", description=__doc__)
    parser.add_argument("--record", type=Path, metavar="FILE", help="write the hashes of all outputs")
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with hashes that were recorded")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write the outputs themselves, for diff -r")
    parser.add_argument("--only", action="append", choices=[*FIRST, *LAST], help="this scenario alone; repeatable")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(gettempdir()) / "lrfind-outputs",
        help="to work in; keeps compiled programs",
    )
    options = parser.parse_args()
    chosen = options.only or [*FIRST, *LAST]
    began = time.monotonic()
    options.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(options.folder / ".lock"):  # Always the same folder, for fingerprints depend on it.
        work = options.folder.resolve() / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        phases = [{key: phase[key] for key in phase if key in chosen} for phase in (FIRST, LAST)]
        found = collect(phases, work, options.folder.resolve() / "programs")
    print(f"{len(found)} outputs in {time.monotonic() - began:.0f} s", flush=True)
    if options.keep:
        keep(found, options.keep)
    hashes = {key: hashlib.sha256(content).hexdigest() for key, content in sorted(found.items())}
    if options.record:
        options.record.write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")
    if not options.against:
        return 0
    baseline = json.loads(options.against.read_text(encoding="utf-8"))
    return compare(hashes, {key: baseline[key] for key in baseline if key.split(" ", 1)[0] in chosen})


def compare(hashes: dict[str, str], baseline: dict[str, str]) -> int:
    """Print every difference; 1 where there is one."""
    lines = [f"missing    {key}" for key in baseline if key not in hashes]
    lines += [f"new        {key}" for key in hashes if key not in baseline]
    lines += [f"different  {key}" for key in hashes if baseline.get(key, hashes[key]) != hashes[key]]
    print("\n".join([*lines, f"{len(lines)} differences from {len(baseline)} outputs"]))
    return 1 if lines else 0


def keep(found: dict[str, bytes], folder: Path) -> None:
    """Write every output to a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, content in found.items():
        (folder / re.sub(r"[^\w.=-]+", "_", key)).write_bytes(content)


if __name__ == "__main__":
    sys.exit(main())
