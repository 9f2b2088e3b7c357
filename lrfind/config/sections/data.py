"""The `data` section: built-in data, or a file of the user's."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from lrfind.config.sections.base import TARGET, Kwargs, Section, Target, conflict, short
from lrfind.core.registry import DATA

# A YAML list becomes a tuple, which strictness would refuse; its items stay strict.
Columns = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False)]

OneOrMore = Annotated[
    Columns,
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    Field(min_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
            ]
        }
    ),
]
"""A name stands for a list of one."""

TARGETS = "column of targets: numbers, or text for classes; or a list of columns, numbers"


class _Any(Section):
    """Keys of all data sets."""

    name: str
    batch_size: int = Field(default=64, ge=1, le=10**9, description="rows per batch")
    validation_fraction: float = Field(default=0.2, ge=0, lt=1, description="share of the rows that is held out")

    @property
    def title(self) -> str:
        """How reports call the data."""
        return self.name


class _Data(_Any):
    """Keys of all data sets of inputs and targets."""

    standardize: bool = Field(
        default=False,
        description="bring inputs to mean 0 and deviation 1 of the rows to train on, by feature or channel",
    )


class DigitsData(_Data):
    """The shipped digits."""

    name: Literal["digits"] = Field(description=DATA["digits"].summary)


class FriedmanData(_Data):
    """A generated regression."""

    name: Literal["friedman"] = Field(description=DATA["friedman"].summary)
    rows: int = Field(default=2000, ge=16, le=10**7, description="rows to generate")
    features: int = Field(default=10, ge=5, le=10**5, description="inputs, of which five matter")
    noise: float = Field(default=1.0, ge=0, le=1e6, description="standard deviation of the noise on the targets")


class _Classes(_Data):
    """Keys of generated classes."""

    rows: int
    classes: int

    @model_validator(mode="after")
    def _every_class_has_rows(self) -> Self:
        if self.classes <= self.rows:
            return self
        if "classes" in self.model_fields_set:
            raise conflict(f"must be at most the rows, {self.rows:,}; got {self.classes}", "classes", "rows")
        raise conflict(f"must be at least the classes, {self.classes} by default; got {self.rows}", "rows", "classes")


class ClassificationData(_Classes):
    """Generated clusters."""

    name: Literal["classification"] = Field(description=DATA["classification"].summary)
    rows: int = Field(default=2000, ge=16, le=10**7, description="rows to generate")
    features: int = Field(default=20, ge=1, le=10**5, description="inputs")
    classes: int = Field(default=10, ge=2, le=10**4, description="clusters, each with its share of the rows")
    separation: float = Field(
        default=3.0, ge=0, le=1e6, description="distance of each cluster's centre from 0, in deviations of a cluster"
    )


class ImagesData(_Classes):
    """Generated stripes."""

    name: Literal["images"] = Field(description=DATA["images"].summary)
    rows: int = Field(default=2000, ge=16, le=10**6, description="images to generate")
    size: int = Field(default=16, ge=8, le=1024, description="pixels of height and width")
    channels: int = Field(default=1, ge=1, le=64, description="values of each pixel")
    classes: int = Field(default=4, ge=2, le=100, description="angles, each with its share of the images")


class QuadraticData(_Data):
    """Generated least squares."""

    name: Literal["quadratic"] = Field(description=DATA["quadratic"].summary)
    validation_fraction: float = Field(
        default=0.0, ge=0, lt=1, description="share of the rows that is held out; above 0 the curvature is not exact"
    )
    rows: int = Field(default=64, ge=2, le=10**6, description="rows to generate; all of them in a batch for exactness")
    features: int = Field(default=10, ge=1, le=10**4, description="inputs, fewer than rows")
    condition: float = Field(
        default=100.0, ge=1, le=1e5, description="largest eigenvalue, which is 1, over the smallest"
    )

    @model_validator(mode="after")
    def _more_rows_than_features(self) -> Self:
        if self.features < self.rows:
            return self
        if "features" in self.model_fields_set:
            raise conflict(f"must be fewer than the rows, {self.rows:,}; got {self.features}", "features", "rows")
        raise conflict(
            f"must be more than the features, {self.features} by default; got {self.rows}", "rows", "features"
        )


class _File(_Data):
    """A file of the user's."""

    path: str = Field(min_length=1, description="the file, relative to the config (of --set: to the working directory)")

    @property
    def title(self) -> str:
        return PurePath(self.path).name


class NpzData(_File):
    """Arrays of one file."""

    name: Literal["npz"] = Field(description=DATA["npz"].summary)
    inputs: str = Field(default="x", min_length=1, description="name of the array of inputs, one row per example")
    targets: str = Field(default="y", min_length=1, description="name of the array of targets")


class NpyData(_Data):
    """Arrays of two files."""

    name: Literal["npy"] = Field(description=DATA["npy"].summary)
    inputs: str = Field(
        default="x.npy",
        min_length=1,
        description="file of the inputs, one row per example, relative to the config (--set: to the working directory)",
    )
    targets: str = Field(default="y.npy", min_length=1, description="file of the targets, likewise")

    @property
    def title(self) -> str:
        return PurePath(self.inputs).name


class CsvData(_File):
    """A table as text."""

    name: Literal["csv"] = Field(description=DATA["csv"].summary)
    inputs: Columns = Field(default=(), description="columns of inputs, numbers; [] takes all but the target")
    targets: OneOrMore = Field(default="y", validate_default=True, description=TARGETS)


class ParquetData(_File):
    """A table in columns."""

    name: Literal["parquet"] = Field(description=DATA["parquet"].summary)
    inputs: Columns = Field(default=(), description="columns of inputs, numbers; [] takes all but the target")
    targets: OneOrMore = Field(default="y", validate_default=True, description=TARGETS)


class TextData(_Any):
    """Text, byte by byte."""

    name: Literal["text"] = Field(description=DATA["text"].summary)
    batch_size: int = Field(default=32, ge=1, le=10**9, description="windows per batch, each as long as the context")
    validation_fraction: float = Field(default=0.1, ge=0, lt=1, description="share of the text, at its end, held out")
    path: str | None = Field(
        default=None,
        min_length=1,
        description="the file, relative to the config (of --set: to the working directory); left out: the shipped book",
    )
    context: int | None = Field(
        default=None, ge=1, le=10**6, description="tokens of a window; left out: what the model can see"
    )

    @property
    def title(self) -> str:
        return self.name if self.path is None else PurePath(self.path).name


class OwnData(_Data):
    """Arrays or batches of the user's own."""

    name: Literal["target"] = Field(default="target", description="your own code")
    target: Target = Field(description=f"{TARGET} that returns arrays or batches")
    kwargs: Kwargs = Field(default_factory=dict, description="keywords of target")
    validation: Target | None = Field(
        default=None, description="the same for what is held out, without keywords; left out: a share of the arrays"
    )

    @property
    def title(self) -> str:
        return short(self.target)


DataSection = Annotated[
    DigitsData
    | TextData
    | ClassificationData
    | ImagesData
    | QuadraticData
    | FriedmanData
    | NpzData
    | NpyData
    | CsvData
    | ParquetData
    | OwnData,
    Field(discriminator="name"),
]
