"""What a network is made of: the part of `model.toml` from which it can be built again. No torch here."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from pfm_desktop.domain.source import Source
from pfm_desktop.support.errors import ModelError

STRIDE = 32  # side of the picture area behind one cell of the last trunk map, pixels
VARIANTS = ("T0", "T1", "T2")
SPLICES = ("channel", "token")


@dataclass(frozen=True)
class NetSpec:
    """Shape of a PFM network.

    `size` is the side of the square input in pixels, a multiple of 32. The four switches take one part of the paper
    out for an ablation: without `partial_conv` a block mixes channels only, without `decision` the tokens are averaged.
    """

    variant: str = "T0"
    splice: str = "token"
    sources: tuple[Source, ...] = (Source.WHITE, Source.FLUORESCENCE)
    size: int = 224
    width: int = 256  # of a token
    layers: int = 2
    heads: int = 8
    dropout: float = 0.2
    partial_conv: bool = True
    channel_attention: bool = True
    spatial_attention: bool = True
    decision: bool = True

    def __post_init__(self) -> None:
        """Raise `ModelError` for a network that cannot be built."""
        if self.variant not in VARIANTS:
            raise ModelError(f"unknown variant {self.variant!r}", remedy=f"choose one of {', '.join(VARIANTS)}")
        if self.splice not in SPLICES:
            raise ModelError(f"unknown splice {self.splice!r}", remedy=f"choose one of {', '.join(SPLICES)}")
        if self.size < STRIDE or self.size % STRIDE:
            raise ModelError(f"input size {self.size} does not fit", remedy=f"choose a multiple of {STRIDE}")
        if not self.sources or len(set(self.sources)) != len(self.sources):
            raise ModelError("a network needs each of its sources once", remedy="choose white, fluorescence or both")
        if self.width % self.heads:
            raise ModelError("the token width must be a multiple of the number of heads", remedy="change one of them")

    @property
    def grid(self) -> int:
        """Side of the last trunk map in cells."""
        return self.size // STRIDE

    def to_table(self) -> dict[str, Any]:
        """As a table of `model.toml`."""
        return {**asdict(self), "sources": [str(source) for source in self.sources]}

    @classmethod
    def from_table(cls, table: dict[str, Any]) -> NetSpec:
        """From a table of `model.toml`; raises `ModelError` for what this program does not know."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(table) - known)
        if unknown:
            raise ModelError(f"the model asks for {', '.join(unknown)}", remedy="update the program to read this model")
        try:
            sources = tuple(Source(name) for name in table.get("sources", ()))
            return cls(**{**table, "sources": sources})
        except (TypeError, ValueError) as error:
            raise ModelError(f"the network table is damaged ({error})", remedy="fetch the model again") from error
