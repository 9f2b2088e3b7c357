"""The values that travel between the layers: plain frozen dataclasses over numpy arrays."""

from lrfind.types.advice import Advice, Guess, Setting
from lrfind.types.arrays import Dataset, Floats, Rows, Split
from lrfind.types.gate import Check, Failure, Verdict, VerdictStatus
from lrfind.types.result import (
    Candidate,
    Confirmation,
    Evidence,
    Execution,
    Facts,
    Horizon,
    Recommendation,
    Result,
    Status,
    Suggestion,
    Sweep,
    Timing,
)

__all__ = [
    "Advice",
    "Candidate",
    "Check",
    "Confirmation",
    "Dataset",
    "Evidence",
    "Execution",
    "Facts",
    "Failure",
    "Floats",
    "Guess",
    "Horizon",
    "Recommendation",
    "Result",
    "Rows",
    "Setting",
    "Split",
    "Status",
    "Suggestion",
    "Sweep",
    "Timing",
    "Verdict",
    "VerdictStatus",
]
