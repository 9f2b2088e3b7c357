"""Data files with something wrong with them, without end: one number is one config and its file."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROWS = 80


def arrays() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(ROWS, 4)).astype(np.float32), rng.integers(0, 3, ROWS)


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def npz(compressed: bool = False, **named: np.ndarray) -> bytes:
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, allow_pickle=True, **named)
    return file.getvalue()


def table() -> str:
    inputs, targets = arrays()
    rows = [
        ",".join([*(f"{value:.6g}" for value in row), str(label)]) for row, label in zip(inputs, targets, strict=True)
    ]
    return "\n".join(["a,b,c,d,label", *rows]) + "\n"


def parquet() -> bytes:
    import pyarrow
    import pyarrow.parquet

    inputs, targets = arrays()
    file = io.BytesIO()
    columns = {name: inputs[:, place] for place, name in enumerate("abcd")} | {"label": targets}
    pyarrow.parquet.write_table(pyarrow.table(columns), file)
    return file.getvalue()


def flip(raw: bytes, rng: random.Random) -> bytes:
    found = bytearray(raw)
    for _ in range(rng.choice([1, 2, 10])):
        found[rng.randrange(len(found))] = rng.randrange(256)
    return bytes(found)


def flip_early(raw: bytes, rng: random.Random) -> bytes:
    """In the header, mostly."""
    found = bytearray(raw)
    for _ in range(rng.choice([1, 3])):
        found[rng.randrange(min(len(found), 140))] = rng.randrange(256)
    return bytes(found)


def cut(raw: bytes, rng: random.Random) -> bytes:
    return raw[: rng.randrange(len(raw))]


def flip_late(raw: bytes, rng: random.Random) -> bytes:
    """In the directory of an archive, or the footer of a table."""
    found = bytearray(raw)
    found[-rng.randrange(1, min(len(raw), 120))] = rng.randrange(256)
    return bytes(found)


def garbage(raw: bytes, rng: random.Random) -> bytes:
    return rng.choice(
        [b"", b"\0" * 5000, rng.randbytes(500), raw + rng.randbytes(50), rng.randbytes(10) + raw, b"<html>404</html>"]
    )


def header(
    shape: str, dtype: str = "<f4", order: str = "False", data: bytes = b"\0" * 400, version: bytes = b"\x01\x00"
) -> bytes:
    """An .npy file that says of itself whatever it likes."""
    text = f"{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    size = struct.pack("<H" if version == b"\x01\x00" else "<I", len(text) + 1)
    return b"\x93NUMPY" + version + size + text + b"\n" + data


HEADERS = [
    lambda: header("(1000000000000, 4)"),
    lambda: header("(99999999999999999999,)"),
    lambda: header("(-1, 4)"),
    lambda: header("(2**60, 2**60)"),
    lambda: header("(4, 0)"),
    lambda: header("()"),
    lambda: header("(10, 10)", "|O"),
    lambda: header("(10, 10)", "<U1"),
    lambda: header("(10, 10)", "|V4"),
    lambda: header("(10, 5)", "<c8"),
    lambda: header("(10, 10)", "<M8[s]"),
    lambda: header("__import__('os').system('echo hi')"),
    lambda: header("[" * 5000),
    lambda: header("(1," * 200 + ")" * 200),
    lambda: header("(100,)", "f4, (1000000,)f4"),
    lambda: header("(10, 10)", ">f4"),
    lambda: header("(10, 10)", "<f2", data=b"\xff" * 400),
    lambda: header("(10, 10)", version=b"\x09\x00"),
    lambda: header("(100000000, 100000000)", "|b1"),
    lambda: header(str((1,) * 100)),
]


def objects() -> np.ndarray:
    found = np.empty(ROWS, object)
    found[:] = [{"a": 1}] * ROWS
    return found


def bomb(shape: str, megabytes: int) -> bytes:
    """An archive of few bytes whose array is mostly zeros, or says so."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w", force_zip64=True) as inner,
    ):
        inner.write(header(shape, data=b""))
        for _ in range(megabytes):
            inner.write(b"\0" * 2**20)
    return file.getvalue()


def npz_file(rng: random.Random) -> bytes:
    inputs, targets = arrays()
    choice = rng.randrange(14)
    if choice < 5:
        raw = npz(choice == 0, x=inputs, y=targets)
        return rng.choice([flip, flip_early, cut, flip_late, garbage])(raw, rng)
    if choice == 5:
        return npz(x=objects(), y=targets)
    if choice == 6:
        return npz(x=inputs, y=objects())
    if choice == 7:
        return bomb(
            *rng.choice(
                [("(100, 1000000)", 64), ("(1000000, 100000)", 1), ("(1000000000000,)", 1), ("(300, 1000000)", 1200)]
            )
        )
    if choice == 8:
        wrong = rng.choice([np.float64("nan"), np.float64("inf"), 1e300, -1e300])
        return npz(x=np.where(rng.random() < 2, np.full_like(inputs, 1, np.float64) * wrong, 0), y=targets)
    if choice == 9:
        kinds = ["U3", "S3", "M8[s]", "c16", "m8[s]", "V8", "?", "i1", "f2", "f8", ">i4", ">f8", "u8", "g"]
        return npz(x=inputs.astype(rng.choice(["?", "i8", "f2"])), y=np.zeros(ROWS, rng.choice(kinds)))
    if choice == 10:
        return npz(
            x=rng.choice(
                [inputs[:3], inputs[:0], inputs[:, :0], inputs[0], np.float32(3), inputs[None], inputs.ravel()]
            ),
            y=targets,
        )
    if choice == 11:
        return npz(
            x=inputs,
            y=rng.choice([targets - 5, targets * 10**12, targets * 0, targets[:, None, None], -targets, targets[:1]]),
        )
    if choice == 12:
        return npz(**{rng.choice(["X", "\x1b[31mx", "x/../y", "x" * 200, "é"]): inputs, "y": targets})
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", rng.choice(HEADERS)())
        archive.writestr("y.npy", npy(targets))
    return file.getvalue()


def npy_file(rng: random.Random) -> bytes:
    inputs, _ = arrays()
    choice = rng.randrange(6)
    if choice < 3:
        return rng.choice([flip, flip_early, cut, garbage])(npy(inputs), rng)
    if choice == 3:
        return npy(
            rng.choice(
                [objects(), inputs[:0], inputs[0], inputs.astype("c8"), inputs.astype("U4"), np.full((ROWS, 4), np.nan)]
            )
        )
    return rng.choice(HEADERS)()


def csv_file(rng: random.Random) -> bytes:
    text = table()
    lines = text.splitlines(keepends=True)
    cells = [
        "",
        "nan",
        "inf",
        "1e999",
        "-",
        "0x10",
        "1,5",
        '"',
        "'",
        "\0",
        "\x1b[31m",
        "é",
        "1_000",
        "x" * 200_000,
        "=cmd|' /C calc'!A0",
        "9" * 5000,
        "٣",
    ]
    choice = rng.randrange(9)
    if choice < 3:
        at = rng.randrange(len(lines))
        parts = lines[at].rstrip("\n").split(",")
        parts[rng.randrange(len(parts))] = rng.choice(cells)
        lines[at] = ",".join(parts) + "\n"
        return "".join(lines).encode()
    if choice == 3:
        return rng.choice([flip, cut, garbage])(text.encode(), rng)
    if choice == 4:
        at = rng.randrange(len(lines))
        lines[at] = rng.choice(
            ["\n", "1,2\n", "1,2,3,4,5,6,7\n", ",,,,\n", '"open\n', "a\tb\n", "\r\r\n", "0," * 100_000 + "1\n"]
        )
        return "".join(lines).encode()
    if choice == 5:
        return text.encode(rng.choice(["utf-16", "utf-32", "latin-1", "utf-8-sig", "cp037"]))
    if choice == 6:
        header_ = rng.choice(
            [
                "a,a,a,a,label",
                "",
                "1,2,3,4,5",
                "a;b;c;d;label",
                ",,,,",
                "\x1b[31ma,b,c,d,label",
                "a,b,c,d",
                "a,b,c,d,LABEL",
            ]
        )
        return "\n".join([header_, *(line.rstrip("\n") for line in lines[1:])]).encode()
    if choice == 7:
        return "".join(lines[: rng.choice([0, 1, 2, 5])]).encode()
    return text.replace("\n", rng.choice(["\r", "\r\n", "\n\n", "\0\n", "\x85"])).encode()


def parquet_file(rng: random.Random) -> bytes:
    import pyarrow
    import pyarrow.parquet

    raw = parquet()
    if rng.random() < 0.7:
        return rng.choice([flip, flip_early, flip_late, cut, garbage])(raw, rng)
    file = io.BytesIO()
    kinds = [
        pyarrow.array([None] * ROWS),
        pyarrow.array([[1, 2]] * ROWS),
        pyarrow.array([{"x": 1}] * ROWS),
        pyarrow.array(["t"] * ROWS),
        pyarrow.array([b"\xff"] * ROWS),
        pyarrow.array([True, None] * (ROWS // 2)),
        pyarrow.array([float("nan")] * ROWS),
    ]
    names = rng.choice([["a", "label"], ["a", "a"], ["\x1b[31m", "label"]])
    chosen = [rng.choice(kinds), rng.choice([*kinds, pyarrow.array(arrays()[1])])]
    pyarrow.parquet.write_table(pyarrow.Table.from_arrays(chosen, names=names), file)
    return file.getvalue()


KINDS: dict[str, tuple[Callable[[random.Random], bytes], str]] = {
    "npz": (npz_file, "name: npz, path: {file}, inputs: x, targets: y"),
    "npy": (npy_file, "name: npy, inputs: {file}, targets: y.npy"),
    "csv": (csv_file, "name: csv, path: {file}, targets: label"),
    "parquet": (parquet_file, "name: parquet, path: {file}, targets: label"),
}


def mutant(number: int, folder: Path) -> tuple[str, Path]:
    """The kind of file, and the config that reads it, both written to a folder."""
    rng = random.Random(zlib.crc32(f"data {number}".encode()))
    kind = list(KINDS)[number % len(KINDS)]
    make, section = KINDS[kind]
    (folder / f"data.{kind}").write_bytes(make(rng))
    (folder / "y.npy").write_bytes(npy(arrays()[1]))
    config = folder / "config.yaml"
    data = f"{section.format(file=f'data.{kind}')}, batch_size: 8"
    text = f"model: {{name: linear}}\ndata: {{{data}}}\noptimizer: {{name: sgd}}\n"
    config.write_text(text, encoding="utf-8")
    return kind, config
