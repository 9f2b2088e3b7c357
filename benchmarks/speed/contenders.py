"""The contenders: for each the command and environment of one run, everything it writes going to a new directory."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from measure import Failed, Run, run
from workload import Workload

HERE = Path(__file__).parent
PEERS = {
    "torch-lr-finder": "run_torch_lr_finder.py",
    "ignite": "run_ignite.py",
    "fastai": "run_fastai.py",
    "lightning": "run_lightning.py",
}
HOUSE = ("lrfind, cold cache", "lrfind, warm cache")


@dataclass(frozen=True)
class Contender:
    """One line of the table.

    Attributes:
        name: as the table shows it.
        peer: the package, where it is a peer.
        command: all but the options that name directories.
        out: the option that takes a new directory for results, if it has one.
        cache: the directory of the compile cache that is kept between runs; None for a new one every run.
        threads: value of OMP_NUM_THREADS; None leaves the package's default.
    """

    name: str
    command: tuple[str, ...]
    peer: str | None = None
    out: str | None = "--out"
    cache: Path | None = None
    threads: int | None = None

    def measure(self) -> Run:
        """Run it once."""
        with TemporaryDirectory() as folder:
            out, cache = Path(folder) / "out", self.cache or Path(folder) / "cache"
            cache.mkdir(exist_ok=True)
            if self.peer:
                out.mkdir()
            command = [*self.command, *([self.out, str(out)] if self.out else [])]
            environment = {"MPLBACKEND": "Agg"}
            if self.peer is None:
                # lrfind reads the first; handwritten.py, which is plain JAX, the others
                environment |= {"LRFIND_CACHE_DIR": str(cache), "JAX_COMPILATION_CACHE_DIR": str(cache)}
                environment |= {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
            if self.threads:
                environment["OMP_NUM_THREADS"] = str(self.threads)
            done = run(command, environment)
            if self.out:
                self._check(out)
            return done

    def _check(self, out: Path) -> None:
        wanted = ["plot.png"] if self.peer else ["plot.png", "result.json"]
        missing = [name for name in wanted if not (out / name).is_file()]
        if missing:
            raise Failed(f"{self.name} ended with exit code 0 but did not write {', '.join(missing)}")


def contenders(work: Workload, folder: Path, peers_python: str | None, threads: list[int | None]) -> list[Contender]:
    """All contenders for a workload; `folder` takes the warm caches."""
    confirmed = (sys.executable, "-m", "lrfind", "sweep", str(work.config), "--quiet")
    sweep = (*confirmed, "--effort", "quick")
    by_hand = (sys.executable, str(HERE / "handwritten.py"), *work.arguments())
    cold, warm = HOUSE
    found = [
        Contender(cold, sweep),
        Contender(warm, sweep, cache=folder / f"{work.name}-lrfind"),
        Contender("handwritten JAX, cold cache", by_hand, out=None),
        Contender("handwritten JAX, warm cache", by_hand, out=None, cache=folder / f"{work.name}-handwritten"),
    ]
    if work.values["model"]["name"] == "mlp":
        # elsewhere some thousand steps of real training are minutes, which no start-up is to be seen beside
        name, cache = "lrfind, 4 seeds, confirmed", folder / f"{work.name}-confirmed"
        found += [Contender(f"{name}, cold cache", confirmed), Contender(f"{name}, warm cache", confirmed, cache=cache)]
    for peer, script in PEERS.items() if peers_python else ():
        command = (str(peers_python), str(HERE / "peers" / script), *work.arguments())
        for count in threads:
            name = f"{peer}, {count} thread" if count else peer
            found.append(Contender(name, command, peer=peer, threads=count))
    return found
