"""Configs with something wrong with them, without end: one number is one config, the same on every machine."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

EXAMPLES = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))

VALUES = [
    "1e999",
    "-1e999",
    ".nan",
    ".inf",
    "-.inf",
    "9" * 400,
    "9" * 5000,
    "0x" + "f" * 300,
    "-0",
    "0",
    "-1",
    "1e-400",
    "1_000",
    "yes",
    "true",
    "null",
    "~",
    "",
    "''",
    '"\\u0000"',
    '"\\x1b[31mred\\x1b[0m"',
    "'\u202eevil'",
    "2001-12-14",
    "12:30:45",
    "[]",
    "{}",
    "[[[[[]]]]]",
    "{a: {b: {c: {}}}}",
    "[1, two, 3.0]",
    "{name: mlp}",
    "mlp",
    "adam",
    "digits",
    "cosine",
    "text",
    "!!python/object/apply:os.system [echo hi]",
    "!!python/name:os.system",
    "!!binary aGk=",
    "!custom x",
    "!!set {a, b}",
    "*nothing",
    "&a [*a]",
    "&a {b: *a}",
    "| \n  block\n  text",
    ">\n  folded",
    "x" * 100_000,
    "\U0001f600",
    "\ud7ff",
    "$(id)",
    "${HOME}",
    "../../../../etc/passwd",
    "/dev/zero",
    "/dev/stdin",
    "/proc/self/mem",
    "/",
    ".",
    "~root",
    "file:///etc/passwd",
    "%s%s%s%n",
    "{{ 7 * 7 }}",
    "$\\frac$",
    "<script>alert(1)</script>",
    "1e6",
    "1000000000",
    "1e18",
    "0.5",
    "2.5",
]
"""What takes the place of a value."""

KEYS = [
    "__class__",
    "__proto__",
    "name",
    "<<",
    "?",
    "é",
    "a.b",
    "0",
    "true",
    "learning-rate",
    "lr",
    "Model",
    "sweep ",
    "x" * 300,
]
"""What takes the place of a key."""


def mutant(number: int) -> tuple[str, bytes]:
    """The name of what was done, and the config."""
    rng = random.Random(number)
    text = rng.choice(EXAMPLES).read_text(encoding="utf-8")
    kind = list(MUTATIONS)[number % len(MUTATIONS)]
    found: str | bytes = text
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        if isinstance(found, str):
            found = MUTATIONS[kind](found, rng)
    return kind, found if isinstance(found, bytes) else found.encode("utf-8", "surrogatepass")


def values(text: str) -> list[tuple[int, int]]:
    """Where the scalars behind keys stand; configs are one section a line, in braces, or keys with indentation."""
    places = []
    for at in range(len(text)):
        if text.startswith(": ", at) and not text[:at].rpartition("\n")[2].lstrip().startswith("#"):
            begin = at + 2
            if begin < len(text) and text[begin] not in "{[\n#":
                end = begin
                while end < len(text) and text[end] not in ",}\n#":
                    end += 1
                places.append((begin, end))
    return places


def wrong_value(text: str, rng: random.Random) -> str:
    begin, end = rng.choice(values(text) or [(0, 0)])
    return text[:begin] + rng.choice(VALUES) + text[end:]


def wrong_section(text: str, rng: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    at = rng.choice(
        [number for number, line in enumerate(lines) if ":" in line and not line.startswith(("#", " "))] or [0]
    )
    lines[at] = f"{lines[at].partition(':')[0]}: {rng.choice(VALUES)}\n"
    return "".join(lines)


def wrong_key(text: str, rng: random.Random) -> str:
    begin, _ = rng.choice(values(text) or [(2, 2)])
    start = max(text.rfind(mark, 0, begin - 2) for mark in "{,\n") + 1
    return text[:start] + " " * (text[start : start + 1] == " ") + rng.choice(KEYS) + text[begin - 2 :]


def twice(text: str, rng: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    return "".join(lines)


def missing(text: str, rng: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    del lines[rng.randrange(len(lines))]
    return "".join(lines)


def more(text: str, rng: random.Random) -> str:
    section = rng.choice(["model", "data", "optimizer", "train", "sweep", "confirm", "check", "extra", "seed"])
    return f"{text}\n{section}: {rng.choice(VALUES)}\n"


def bomb(text: str, rng: random.Random) -> str:
    width, depth = rng.choice([(2, 30), (9, 9), (100, 3), (10, 40)])
    layers = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, depth)]
    return "\n".join(layers) + f"\nmodel: *a{depth - 1}\n" + text


def anchors(text: str, rng: random.Random) -> str:
    begin, end = rng.choice(values(text) or [(0, 0)])
    other_begin, other_end = rng.choice(values(text) or [(0, 0)])
    marked = f"{text[:begin]}&a {text[begin:end]}{text[end:]}"
    if other_begin > begin:
        other_begin, other_end = other_begin + 3, other_end + 3
        return f"{marked[:other_begin]}*a {marked[other_end:]}"
    return marked


def deep(text: str, rng: random.Random) -> str:
    depth = rng.choice([10, 40, 1000, 20_000])
    opening, closing = rng.choice([("[", "]"), ("{a: ", "}"), ("[", ""), ("- ", ""), ("? ", "")])
    key = rng.choice(["model", "data", "seed", "x"])
    return f"{text}\n{key}: {opening * depth}1{closing * depth}\n"


def many(text: str, rng: random.Random) -> str:
    count = rng.choice([100, 20_000, 60_000])
    return (
        text
        + "\n"
        + rng.choice(
            [
                "".join(f"key{n}: {n}\n" for n in range(count)),
                f"model: {{hidden: [{', '.join('1' for _ in range(count))}]}}\n",
                "#" * count * 10,
                "\n" * count,
                "---\n" * 50,
            ]
        )
    )


def flipped(text: str, rng: random.Random) -> bytes:
    raw = bytearray(text.encode())
    for _ in range(rng.choice([1, 3, 20])):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw)


def cut(text: str, rng: random.Random) -> bytes:
    return text.encode()[: rng.randrange(len(text))]


def encoded(text: str, rng: random.Random) -> bytes:
    how = rng.choice(["utf-16", "utf-16-le", "utf-32", "latin-1", "cp037", "utf-8-sig", "utf-7"])
    return text.replace("seed", "# é\nseed", 1).encode(how, "replace")


def bytes_between(text: str, rng: random.Random) -> bytes:
    raw = text.encode()
    at = rng.randrange(len(raw))
    strange = [
        b"\0",
        b"\x1b[2J",
        b"\r",
        b"\t",
        b"\xff\xfe",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\x85",
        b"\xe2\x80\xa8",
        b"\x7f",
        b"%",
        b"`",
        b"@",
    ]
    return raw[:at] + rng.choice(strange) * rng.choice([1, 50]) + raw[at:]


def spaces(text: str, rng: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    at = rng.randrange(len(lines))
    lines[at] = rng.choice(["\t", " ", "   ", "- ", "? ", ": ", "%YAML 1.1\n", "--- ", "... \n"]) + lines[at]
    return "".join(lines)


def shuffled(text: str, rng: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    begin, end = rng.choice(values(text) or [(0, 1)])
    return "".join(lines) if rng.random() < 0.5 else text[:begin] + text[begin:end][::-1] + text[end:]


def noise(text: str, rng: random.Random) -> bytes:
    return rng.choice(
        [rng.randbytes(rng.choice([0, 1, 100, 10_000])), b"\0" * 1000, b"\x93NUMPY", b"PK\x03\x04", text.encode() * 3]
    )


MUTATIONS: dict[str, Callable[[str, random.Random], str | bytes]] = {
    "wrong value": wrong_value,
    "wrong section": wrong_section,
    "wrong key": wrong_key,
    "another value": wrong_value,
    "key twice": twice,
    "line missing": missing,
    "one more section": more,
    "another section": wrong_section,
    "alias bomb": bomb,
    "anchors": anchors,
    "deep": deep,
    "many": many,
    "bytes flipped": flipped,
    "cut off": cut,
    "encoding": encoded,
    "bytes between": bytes_between,
    "spaces": spaces,
    "values shuffled": shuffled,
    "another key": wrong_key,
    "noise": noise,
}
