"""The `model` section: the built-in networks."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from lrfind.config.sections.base import OwnModel, Section, conflict
from lrfind.core.registry import MODELS

# A YAML list becomes a tuple, which strictness would refuse; its items stay strict.
Widths = Annotated[tuple[Annotated[int, Field(ge=1, le=10**6)], ...], Field(strict=False)]
Channels = Annotated[tuple[Annotated[int, Field(ge=1, le=10**5)], ...], Field(strict=False, min_length=1)]
Blocks = Annotated[tuple[Annotated[int, Field(ge=1, le=1000)], ...], Field(strict=False, min_length=1)]
Norm = Literal["none", "layer", "batch", "group"]

NORM = "normalisation before each activation"
DROPOUT = "share of the values that training sets to 0"


class LinearModel(Section):
    """One affine layer."""

    name: Literal["linear"] = Field(description=MODELS["linear"].summary)


class MlpModel(Section):
    """Fully connected layers."""

    name: Literal["mlp"] = Field(description=MODELS["mlp"].summary)
    hidden: Widths = Field(default=(128, 128), description="width of each hidden layer; [] has none")
    activation: Literal["relu", "gelu", "tanh", "silu"] = Field(default="relu", description="after each hidden layer")
    norm: Norm = Field(default="none", description=NORM)
    dropout: float = Field(default=0.0, ge=0, lt=1, description=f"{DROPOUT} after each hidden layer")


class CnnModel(Section):
    """Convolutions in stages."""

    name: Literal["cnn"] = Field(description=MODELS["cnn"].summary)
    channels: Channels = Field(default=(32, 64, 128), description="of each stage, which halves height and width")
    norm: Norm = Field(default="none", description=NORM)


class ResnetModel(Section):
    """Residual blocks in stages."""

    name: Literal["resnet"] = Field(description=MODELS["resnet"].summary)
    stages: Blocks = Field(
        default=(2, 2, 2), description="blocks of each stage; all but the first halve height and width"
    )
    width: int = Field(default=16, ge=1, le=10**4, description="channels of the first stage; doubled at each later one")
    norm: Norm = Field(default="group", description=NORM)


class TransformerModel(Section):
    """A decoder."""

    name: Literal["transformer"] = Field(description=MODELS["transformer"].summary)
    layers: int = Field(default=2, ge=1, le=1000, description="blocks of attention and a network four times as wide")
    heads: int = Field(default=4, ge=1, le=1000, description="of attention; they share the width")
    width: int = Field(default=128, ge=1, le=10**5, description="numbers that stand for a token; a multiple of heads")
    context: int = Field(default=64, ge=1, le=10**6, description="tokens that it sees at once")
    dropout: float = Field(default=0.0, ge=0, lt=1, description=f"{DROPOUT} at the embedding and in each block")

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.width % self.heads == 0:
            return self
        if "width" in self.model_fields_set:
            raise conflict(f"must be a multiple of heads, {self.heads}; got {self.width}", "width", "heads")
        raise conflict(f"must divide the width, {self.width} by default; got {self.heads}", "heads", "width")


ModelSection = Annotated[
    LinearModel | MlpModel | CnnModel | ResnetModel | TransformerModel | OwnModel, Field(discriminator="name")
]
