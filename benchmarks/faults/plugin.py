"""A plugin of pytest: chooses and orders tests, logs each, and tells coverage which test reaches a line.

Without ``FAULTS_LOG`` in the environment it does nothing. It stands alone: it is copied into the environment that tests
the copy.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

LOG, ORDER, CONTEXT = "FAULTS_LOG", "FAULTS_ORDER", "FAULTS_CONTEXT"


def log(**line: Any) -> None:
    """Append a line to the log."""
    if name := os.environ.get(LOG):
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


@contextmanager
def context(name: str) -> Generator[None]:
    """Attribute lines to a name, here and in the processes that are started meanwhile."""
    before = os.environ.get(CONTEXT, "")
    switch(name)
    try:
        yield
    finally:
        switch(before)


def switch(name: str) -> None:
    os.environ[CONTEXT] = name
    if "COVERAGE_PROCESS_START" in os.environ:
        import coverage

        if (current := coverage.Coverage.current()) is not None:
            current.switch_context(name)


def key(fixture: Any) -> str:
    return f"fixture {fixture.baseid}::{fixture.argname}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if name := os.environ.get(ORDER):
        rank = {test: index for index, test in enumerate(json.loads(Path(name).read_text(encoding="utf-8")))}
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in rank])
        items[:] = sorted((item for item in items if item.nodeid in rank), key=lambda item: rank[item.nodeid])


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """Lines that importing a test module reaches are the file's."""
    if not isinstance(collector, pytest.Module):
        return (yield)
    with context(f"file {collector.nodeid}"):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any) -> Generator[None, Any, Any]:
    """Lines that a shared fixture reaches are reached for every test that uses it, not for the first alone."""
    if fixturedef.scope == "function":
        return (yield)
    with context(key(fixturedef)):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    used = getattr(item, "_fixtureinfo", None)
    shared = [each for found in used.name2fixturedefs.values() for each in found] if used else []
    item.user_properties.append(("fixtures", [key(each) for each in shared if each.scope != "function"]))
    with context(item.nodeid):
        return (yield)


def pytest_runtest_logstart(nodeid: str) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        log(test=nodeid, phase="start")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        shared = dict(report.user_properties).get("fixtures", [])
        log(test=report.nodeid, phase=report.when, outcome=report.outcome, seconds=report.duration, fixtures=shared)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        log(test=report.nodeid, phase="collect", outcome="failed", seconds=0.0, fixtures=[])
