"""A checksum of every batch of a stream: a run that is carried on is held to the batches that it began with."""

from __future__ import annotations

from lrfind.core.errors import RunError
from lrfind.engine.chunk_record import checksum
from lrfind.task.user_code.pytrees import Tree

SIZE = 4
"""Bytes of a checksum."""


class Marks:
    """Checksums of the batches of one stream, in order.

    Args:
        title: name of the data in messages.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._seen = bytearray()
        self._recorded = bytearray()

    def note(self, number: int, batch: Tree) -> None:
        """Add the checksum of a batch; one that came before is not checked again.

        Raises:
            RunError: it is not the recorded one.
        """
        if number * SIZE == len(self._seen):
            self._seen += checksum(batch).to_bytes(SIZE, "big")
            self._compare(number)

    def expect(self, start: int, sums: str) -> None:
        """Hold the batches from a number on to recorded checksums, those that came already at once.

        Raises:
            RunError: one is another.
        """
        self._recorded[start * SIZE :] = bytes.fromhex(sums)
        for number in range(start, min(len(self._seen), len(self._recorded)) // SIZE):
            self._compare(number)

    def unrecorded(self, stop: int | None) -> tuple[int, str] | None:
        """Return number and checksums of the batches up to `stop` that are not recorded yet, and record them.

        Args:
            stop: number of batches; None for all.

        Returns:
            The first batch's number and the checksums in hexadecimal digits; None without any.
        """
        start = len(self._recorded)
        more = self._seen[start : None if stop is None else stop * SIZE]
        self._recorded += more
        return (start // SIZE, more.hex()) if more else None

    def _compare(self, number: int) -> None:
        span = slice(number * SIZE, (number + 1) * SIZE)
        if (recorded := self._recorded[span]) and recorded != self._seen[span]:
            raise RunError(
                f"the batches of {self._title} are not those of the run that is carried on, from batch {number:,} on; "
                "--fresh begins anew"
            )
