"""A reader of GitHub's workflow commands, after the grammar of its runner: ``::name key=value,key=value::message``."""

from __future__ import annotations

import re
from dataclasses import dataclass

LINE = re.compile(r"::(?P<name>[a-z-]+)(?: (?P<properties>[^:]*))?::(?P<message>.*)")
PROPERTIES = {"file", "line", "endLine", "col", "endColumn", "title"}


@dataclass(frozen=True)
class Command:
    name: str
    properties: dict[str, str]
    message: str


def decode(text: str, marks: dict[str, str]) -> str:
    """As the runner does: every mark, the percent sign last."""
    for mark, char in marks.items():
        text = text.replace(mark, char)
    return text.replace("%25", "%")


def parse(text: str) -> list[Command]:
    """All commands of a text that holds nothing else."""
    found = []
    for line in text.split("\n")[:-1]:
        match = LINE.fullmatch(line)
        assert match, f"no workflow command: {line!r}"
        pairs = [pair.split("=", 1) for pair in (match["properties"] or "").split(",") if pair]
        values = {key: decode(value, {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}) for key, value in pairs}
        assert values.keys() <= PROPERTIES
        found.append(Command(match["name"], values, decode(match["message"], {"%0D": "\r", "%0A": "\n"})))
    assert text.endswith("\n") or not text
    return found
