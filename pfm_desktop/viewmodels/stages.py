"""When in the examination the pictures of a pair were taken, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfm_desktop.domain.source import FILTERED, Source, Stage
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.domain.case import Pair, Picture
    from pfm_desktop.services.cases import VisitCase

BEFORE_ACID = {Stage.SALINE, Stage.FLUORESCENCE_BEFORE_ACID}
AFTER_ACID = {Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID, Stage.LUGOL}  # a green filter is used at any time


def stage_words(picture: Picture) -> str:
    """`acetic acid, 60 s`."""
    seconds = picture.seconds_since_acid
    return picture.stage.words + (f", {seconds:.0f} s" if seconds is not None else "")


def pair_stages(case: VisitCase | None, pair: Pair | None) -> dict[Source, str]:
    """Words for the picture in each place of the pair, beside its source: none that the source says already."""
    found = _pictures(case, pair)
    return {place: stage_words(one) for place, one in found.items() if place is Source.WHITE or not _filtered(one)}


def _filtered(picture: Picture) -> bool:
    return picture.stage in FILTERED


def stages_warning(case: VisitCase | None, pair: Pair | None) -> str:
    """Said where one picture was taken before acetic acid and the other after; else ""."""
    stages = {picture.stage for picture in _pictures(case, pair).values()}
    if not (stages & BEFORE_ACID and stages & AFTER_ACID):
        return ""
    return tr("Stages differ: one picture was taken before acetic acid, the other after")


def _pictures(case: VisitCase | None, pair: Pair | None) -> dict[Source, Picture]:
    if case is None or pair is None:
        return {}
    both = {Source.WHITE: case.picture(pair.white_id), Source.FLUORESCENCE: case.picture(pair.fluorescence_id)}
    return {source: picture for source, picture in both.items() if picture is not None}
