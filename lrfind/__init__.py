"""lrfind: the learning-rate range finder for JAX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrfind.core import __version__

if TYPE_CHECKING:
    from lrfind.answer import Answer
    from lrfind.api import find

__all__ = ["Answer", "__version__", "find"]


def __getattr__(name: str) -> Any:
    if name in ("Answer", "find"):
        from lrfind import api

        return getattr(api, name)
    raise AttributeError(f"module 'lrfind' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
