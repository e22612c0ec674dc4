"""What a network is made of: the part of `model.toml` from which it can be built again. No torch here."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from pfm_desktop.domain.source import PLACES, Source, together
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.language import tr

STRIDE = 32  # side of the picture area behind one cell of the last trunk map, pixels
SEEN = 0.25  # share of a cell that must lie in the picture (and the overlap) for it to be attended to and drawn
VARIANTS = ("T0", "T1", "T2")
RELU = {"T0": False, "T1": False, "T2": True}  # whether a block bends by ReLU, else by GELU, as published
SPLICES = ("channel", "token")
SIZES, WIDTHS, LAYERS, HEADS = (STRIDE, 1024), (8, 1024), (0, 12), (1, 64)  # least and most
SWITCHES = ("partial_conv", "channel_attention", "spatial_attention", "decision")
_TRUNK = {"T0": (2_224_597, 320), "T1": (5_674_513, 512), "T2": (12_742_097, 768)}  # parameters, channels of the map


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
        """Raise `ModelError` for a network that cannot be built, or that no computer here could hold."""
        if self.variant not in VARIANTS:
            raise ModelError(
                tr("unknown variant {variant!r}", variant=self.variant),
                remedy=tr("choose one of {variants}", variants=", ".join(VARIANTS)),
            )
        if self.splice not in SPLICES:
            raise ModelError(
                tr("unknown splice {splice!r}", splice=self.splice),
                remedy=tr("choose one of {splices}", splices=", ".join(SPLICES)),
            )
        if not _whole(self.size, SIZES) or self.size % STRIDE:
            remedy = tr("choose a multiple of {stride} up to {most}", stride=STRIDE, most=SIZES[1])
            raise ModelError(tr("input size {size} does not fit", size=_shown(self.size)), remedy=remedy)
        if not self.sources or len(set(self.sources)) != len(self.sources):
            remedy = tr("choose white, fluorescence or both")
            raise ModelError(tr("a network needs each of its sources once"), remedy=remedy)
        if not _asked_so(self.sources):
            remedy = tr("choose white light, fluorescence, or white light + one other")
            raise ModelError(tr("no pair is {sources}", sources=together(self.sources)), remedy=remedy)
        for name, value, range_ in (
            ("width", self.width, WIDTHS),
            ("layers", self.layers, LAYERS),
            ("heads", self.heads, HEADS),
        ):
            if not _whole(value, range_):
                remedy = tr("choose a whole number from {least} to {most}", least=range_[0], most=range_[1])
                raise ModelError(
                    tr("{name} = {number} does not fit a network", name=name, number=_shown(value)), remedy=remedy
                )
        if self.width % self.heads:
            remedy = tr("change one of them")
            raise ModelError(tr("the token width must be a multiple of the number of heads"), remedy=remedy)
        if isinstance(self.dropout, bool) or not isinstance(self.dropout, int | float) or not 0 <= self.dropout < 1:
            remedy = tr("choose a number from 0 to below 1")
            raise ModelError(tr("dropout = {share} does not fit a network", share=_shown(self.dropout)), remedy=remedy)
        for name in SWITCHES:
            value = getattr(self, name)
            if not isinstance(value, bool):
                raise ModelError(
                    tr("{name} = {given} is neither true nor false", name=name, given=_shown(value)),
                    remedy=tr("say which"),
                )

    @property
    def grid(self) -> int:
        """Side of the last trunk map in cells."""
        return self.size // STRIDE

    @property
    def most_weights(self) -> int:
        """Numbers that a file of weights may hold at most: what the network has, and a margin of a quarter."""
        trunk, channels = _TRUNK[self.variant]
        source = trunk + channels * channels + (channels + 64) * self.width
        layer = 8 * self.width * self.width + 20 * self.width
        return (5 * (len(self.sources) * source + self.layers * layer)) // 4 + 100_000

    def to_table(self) -> dict[str, Any]:
        """As a table of `model.toml`."""
        return {**asdict(self), "sources": [str(source) for source in self.sources]}

    @classmethod
    def from_table(cls, table: dict[str, Any]) -> NetSpec:
        """From a table of `model.toml`; raises `ModelError` for what this program does not know."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(table) - known)
        if unknown:
            shown = ", ".join(name if name.isprintable() else repr(name) for name in unknown)[:200]
            raise ModelError(
                tr("the model asks for {names}", names=shown), remedy=tr("update the program to read this model")
            )
        try:
            for name in table.get("sources", ()):
                if isinstance(name, str) and name not in set(Source):
                    raise ModelError(
                        tr(
                            "the model was trained for pictures that this program does not know: {source}",
                            source=_shown(name),
                        ),
                        remedy=tr("update the program, or choose another model"),
                    )
            sources = tuple(Source(name) for name in table.get("sources", ()))
            return cls(**{**table, "sources": sources})
        except (TypeError, ValueError) as error:
            raise ModelError(
                tr("the network table is damaged ({error})", error=error), remedy=tr("fetch the model again")
            ) from error


def _asked_so(sources: tuple[Source, ...]) -> bool:
    """Whether pictures are ever given like that: a pair, or one that stands alone, which is white light there also
    through a green filter or after Lugol's iodine."""
    if len(sources) == 1:
        return sources[0] in PLACES
    return len(sources) == 2 and Source.WHITE in sources


def _whole(value: Any, range_: tuple[int, int]) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and range_[0] <= value <= range_[1]


def _shown(value: Any) -> str:
    """A value from a file, short: it may be thousands of digits long, too many to be written out."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**12:
        return tr("a number far too large")
    return repr(value)[:40]
