"""Which faults: drawn once by a seed, then kept in a table, so that later states of the code get the same ones."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from operators import KINDS, Site, apply, sites

TABLE = Path(__file__).with_name("faults.json")
SEED, NUMBER, LEAST = 20, 60, 3
"""How the committed table was drawn: seed, faults, faults of each folder at least."""


@dataclass(frozen=True)
class Fault(Site):
    """A fault of the table.

    Attributes:
        number: its name.
        module: the file below the checkout, such as ``lrfind/core/result.py``.
    """

    number: int
    module: str

    def __str__(self) -> str:
        return f"{self.module} {self.function}: {self.original} -> {self.mutated}"


def folder_of(module: str) -> str:
    """Return the package's folder that a module is counted in; those of the root are ``api``."""
    parts = Path(module).parts
    return parts[1] if len(parts) > 2 else "api"


def candidates(checkout: Path) -> dict[str, list[Site]]:
    """Return the sites of every module of a checkout's package."""
    paths = sorted((checkout / "lrfind").rglob("*.py"))
    found = {path.relative_to(checkout).as_posix(): sites(path.read_text(encoding="utf-8")) for path in paths}
    return {module: known for module, known in found.items() if known}


def draw(known: dict[str, list[Site]], seed: int = SEED, number: int = NUMBER, least: int = LEAST) -> list[Fault]:
    """Return faults in the order of their modules.

    Every folder gets `least`, and of the rest a share by its size. Kinds take turns. Of a folder's modules those with
    the fewest faults come first, among them a larger one with more probability; a function gets one fault.

    Args:
        known: the sites of every module.
        seed: of the draw.
        number: how many faults.
        least: how many of each folder.
    """
    chance = random.Random(seed)
    sizes = Counter({module: len(found) for module, found in known.items()})
    folders = shares(sizes, number, least)
    slots = [folder for folder, count in folders.items() for _ in range(count)]
    chance.shuffle(slots)
    drawn: list[Fault] = []
    for index, folder in enumerate(slots):
        drawn.append(one(chance, known, folder, KINDS[index % len(KINDS)], drawn, index))
    drawn.sort(key=lambda fault: (fault.module, fault.line))
    return [Fault(**{**asdict(fault), "number": index}) for index, fault in enumerate(drawn, start=1)]


def shares(sizes: dict[str, int], number: int, least: int) -> dict[str, int]:
    """Return how many faults each folder gets: `least`, and the rest by size, by largest remainders."""
    totals: Counter[str] = Counter()
    for module, size in sizes.items():
        totals[folder_of(module)] += size
    rest = number - least * len(totals)
    exact = {folder: rest * total / totals.total() for folder, total in sorted(totals.items())}
    counts = {folder: least + int(share) for folder, share in exact.items()}
    for folder in sorted(exact, key=lambda each: int(exact[each]) - exact[each])[: number - sum(counts.values())]:
        counts[folder] += 1
    return counts


def one(
    chance: random.Random, known: dict[str, list[Site]], folder: str, kind: str, drawn: Iterable[Fault], number: int
) -> Fault:
    """Return a fault of a folder, of a kind where the folder has it, in none of the functions that have one."""
    taken = {(fault.module, fault.function) for fault in drawn}
    counts = Counter(module for module, _ in taken)
    open_sites = {
        module: [site for site in found if (module, site.function) not in taken]
        for module, found in known.items()
        if folder_of(module) == folder
    }
    fitting = {module: [site for site in found if site.kind == kind] for module, found in open_sites.items()}
    pool = {module: found for module, found in (fitting if any(fitting.values()) else open_sites).items() if found}
    fewest = min(counts[module] for module in pool)
    modules = [module for module in pool if counts[module] == fewest]
    module = chance.choices(modules, [len(known[each]) for each in modules])[0]
    return Fault(**asdict(chance.choice(pool[module])), number=number, module=module)


def replace(table: dict[str, Any], number: int, reason: str, known: dict[str, list[Site]]) -> Fault:
    """Move a fault to the equivalent ones, and return the next draw of its folder and kind, which takes its place."""
    faults = read_faults(table)
    old = next(fault for fault in faults if fault.number == number)
    before = [Fault(**{field.name: each[field.name] for field in fields(Fault)}) for each in table["equivalent"]]
    following = 1 + max(fault.number for fault in faults + before)
    chance = random.Random(f"{table['seed']} {following}")
    new = one(chance, known, folder_of(old.module), old.kind, faults + before, following)
    table["equivalent"].append({**asdict(old), "reason": reason, "replaced_by": following})
    table["faults"] = [asdict(new if fault is old else fault) for fault in faults]
    return new


def read_faults(table: dict[str, Any]) -> list[Fault]:
    return [Fault(**row) for row in table["faults"]]


def read(path: Path = TABLE) -> dict[str, Any]:
    """Return the table: seed, faults, equivalent ones."""
    if not path.exists():
        raise SystemExit(f"No {path.name}: first --draw.")
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return table


def write(table: dict[str, Any], path: Path = TABLE) -> None:
    path.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def locate(fault: Fault, checkout: Path) -> tuple[str, str, int, int]:
    """Return the module that a fault goes into, its text with the fault, and its statement's first and last line.

    Where the fault's own module has no such statement, it was moved: into another module, or into or out of a class.

    Raises:
        LookupError: no function of that name has it, or several have.
    """
    modules = {path.relative_to(checkout).as_posix(): path for path in sorted((checkout / "lrfind").rglob("*.py"))}
    for function in (fault.function, fault.function.rpartition(".")[2]):
        for names in ([fault.module], list(modules)):
            found = []
            for name in names:
                with suppress(LookupError):
                    source = modules[name].read_text(encoding="utf-8")
                    found.append((name, *apply(source, function, fault.occurrence, fault.original, fault.mutated)))
            if len(found) == 1:
                return found[0]
    raise LookupError(f"fault {fault.number}: {fault}")
