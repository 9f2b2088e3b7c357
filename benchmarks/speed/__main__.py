"""`python benchmarks/speed`: how long `lrfind sweep` takes, beside the learning-rate finders of other frameworks."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import environment
import machine
import rounds
import step
import table
import workload
from contenders import HERE, contenders
from measure import BUSY, Failed

THREADS: dict[str, list[int | None]] = {"default": [None], "1": [1], "both": [None, 1]}


def main() -> None:
    """Measure what the options ask for."""
    options = _options()
    if options.setup:
        environment.setup()
        return
    if not options.peers_python and not environment.PYTHON.exists() and not options.no_peers:
        raise SystemExit("no environment for the peers: run with --setup first, or with --peers-python or --no-peers")
    peers = None if options.no_peers else str(options.peers_python or environment.PYTHON)
    report: dict[str, Any] = {"machine": machine.facts(sys.executable, peers), "workloads": {}, "steps": {}}
    print(_head(report["machine"], options))
    with TemporaryDirectory() as folder:
        for name in options.workload or workload.names():
            work = workload.load(name, Path(folder))
            subprocess.run([sys.executable, str(HERE / "export.py"), str(work.config), str(work.data)], check=True)
            if not options.only_steps:
                field = contenders(work, Path(folder), peers, THREADS[options.peer_threads])
                done = rounds.measure(field, options.rounds, options.retries)
                found = table.rows(field, done)
                print("\n" + table.markdown(work.title, found), flush=True)
                runs = [{key: asdict(run) for key, run in one.items()} for one in done]
                report["workloads"][name] = {"rows": [asdict(row) for row in found], "rounds": runs}
            if options.steps or options.only_steps:
                timed = step.step_ratio(work, options.rounds, options.retries)
                print("\n" + step.markdown(work.title, timed), flush=True)
                report["steps"][name] = asdict(timed)
            if options.json:
                options.json.write_text(json.dumps(report, indent=1) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python benchmarks/speed", description=__doc__)
    parser.add_argument("--setup", action="store_true", help="create the peers' environment, and stop")
    parser.add_argument("--peers-python", type=Path, help="the Python of an environment that has the peers already")
    parser.add_argument("--no-peers", action="store_true", help="lrfind and the hand-written sweep alone")
    parser.add_argument("--peer-threads", choices=THREADS, default="both", help="OMP_NUM_THREADS of the peers")
    parser.add_argument("--workload", action="append", choices=workload.names(), help="one of them; may be repeated")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--retries", type=int, default=rounds.RETRIES, help="attempts at a run on a busy machine")
    parser.add_argument("--steps", action="store_true", help="also time a single step")
    parser.add_argument("--only-steps", action="store_true", help="time a single step, and nothing else")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures of every run")
    return parser.parse_args()


def _head(found: dict[str, Any], options: argparse.Namespace) -> str:
    def versions(names: dict[str, str]) -> str:
        return ", ".join(f"{name} {version}" for name, version in names.items())

    lines = [
        f"{found['cores']} cores of {found['processor']}, {found['system']}. {options.rounds} interleaved rounds; "
        f"runs during which other processes used more than {BUSY} cores are repeated.",
        "",
        f"- lrfind's environment: {versions(found['lrfind'])}",
    ]
    if found["peers"]:
        lines.append(f"- the peers' environment: {versions(found['peers'])}")
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        raise SystemExit(f"error: {error}") from None
