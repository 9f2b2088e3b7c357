"""Broken configs and data files by the hundred: refused with a message that names the place, or read; never anything
else. The reliability benchmark goes on for thousands."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1] / "benchmarks" / "reliability"
CONFIGS, FILES = 200, 80

pytestmark = pytest.mark.skipif(not HERE.exists(), reason="a source distribution has no benchmarks")


@pytest.fixture(autouse=True)
def benchmark_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(HERE), *sys.path])


def test_configs(tmp_path: Path) -> None:
    import broken_configs
    from trial import parses, read_config

    parsed = 0
    for number in range(CONFIGS):
        what, raw = broken_configs.mutant(number)
        path = tmp_path / "config.yaml"
        path.write_bytes(raw)
        outcome = read_config(path)
        assert outcome.good, (number, what, outcome)
        parsed += parses(outcome)
    assert parsed >= CONFIGS / 2, "what is no YAML at all is refused by the parser alone"


def test_mutants_repeat() -> None:
    import broken_configs

    assert [broken_configs.mutant(number) for number in range(20)] == [broken_configs.mutant(n) for n in range(20)]


def test_data(tmp_path: Path) -> None:
    import broken_data
    from trial import read_data

    for number in range(FILES):
        try:
            what, config = broken_data.mutant(number, tmp_path)
        except ImportError:  # pyarrow is an extra
            continue
        outcome = read_data(config)
        assert outcome.good, (number, what, outcome)
