"""HTML pages that hold their styles and figures, run no script and load nothing.

Whoever fills a `HtmlSection` gives plain words; every one of them is escaped here, and the page's own policy forbids
scripts, frames and addresses in case one is not.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from lrfind.core.printable import clean
from lrfind.core.verdicts import VerdictStatus

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

MARKS = ("pass", "warn", "fail")
"""Cells that say how something came out are coloured so."""

SHORT = 24
"""Cells of at most so many characters stay on one line: an interval is 18 long."""

NUMBER = re.compile(r"\d[\d.]*e[+-]\d+")
"""Text with a hyphen at which a browser would break the line."""


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        head: names of the columns; empty for none.
        rows: of as many cells, the first of which names the row.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class HtmlSection:
    """A section of a page: one run or one config.

    Attributes:
        name: of the run.
        status: how good it is.
        verdict: the first thing to know.
        more: what comes next, a line each.
        code: to paste; empty for none.
        notes: a kind and a sentence each.
        svg: the figure; empty for none.
        alt: what is to be seen in it.
        tables: in order.
        folded: parts that are folded until a reader opens them: a title, a sentence and source texts each.
    """

    name: str
    status: VerdictStatus
    verdict: str
    more: tuple[str, ...] = ()
    code: str = ""
    notes: tuple[tuple[str, str], ...] = ()
    svg: bytes = b""
    alt: str = ""
    tables: tuple[Grid, ...] = ()
    folded: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    @property
    def figure(self) -> str:
        """Return the figure in base64, for a data address."""
        return base64.b64encode(self.svg).decode("ascii")


def page(sections: Sequence[HtmlSection], title: str) -> str:
    """Return the page in ASCII; other characters are numeric references, so that no encoding can spoil them."""
    text = template().render(sections=sections, title=title, marks=MARKS, short=SHORT)
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii") + "\n"


@cache
def template() -> Template:
    """Return the template of the page."""
    from jinja2 import Environment, StrictUndefined

    # What is escaped here by default is all that is ever put into the page.
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=shown
    )
    environment.filters["words"] = words
    return environment.from_string(files("lrfind.report.html").joinpath("page.html").read_text(encoding="utf-8"))


def words(text: str) -> Markup:
    """Return running text, escaped, of which no number is broken over two lines."""
    from markupsafe import Markup, escape

    return Markup(NUMBER.sub(r'<span class="whole">\g<0></span>', str(escape(shown(text)))))


def shown(value: Any) -> Any:
    """Return text without unprintable characters, its lines and their indent kept; escaped text as it is."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return "\n".join(line[: len(line) - len(line.lstrip(" "))] + clean(line) for line in value.split("\n"))
