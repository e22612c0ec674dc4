"""Where a woman whitened, for the report: the maps that were put on record, with the places that were measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.examination import MAP_ENDS, KeptWhitening
from pfm_desktop.imaging.compose import Outline, with_outlines
from pfm_desktop.imaging.io import decode_picture
from pfm_desktop.services.report_pictures import printed, reduced, scaled
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.interop.pdf_content import ReportPicture
    from pfm_desktop.storage.library import Library

Pixels = NDArray[np.uint8]

_SAYS = {"peak": (tr("Most whitening"), "dL*"), "persistence": (tr("How long it stayed white"), "s")}
UNREADABLE = tr("The map of whitening cannot be read: have the library checked in Settings.")


def whitening_pictures(lib: Library, kept: Sequence[KeptWhitening]) -> tuple[tuple[ReportPicture, ...], str]:
    """The newest maps of each clip with all places that were measured in it, numbered as in `kept`; and what is to be
    said of those that cannot be read, "" for nothing."""
    drawn: list[ReportPicture] = []
    problem = ""
    for clip_id in dict.fromkeys(one.clip_id for one in kept):
        of_it = [(str(number), one) for number, one in enumerate(kept, 1) if one.clip_id == clip_id]
        newest = next((one for _, one in reversed(of_it) if one.map_sha256), None)
        if newest is None:
            continue
        try:
            maps = decode_picture(lib.pictures.get(newest.map_sha256), tr("the map of whitening")).pixels
        except UserError:
            problem = UNREADABLE
            continue
        drawn += _maps(maps, newest, of_it)
    return tuple(drawn), problem


def _maps(maps: Pixels, newest: KeptWhitening, of_it: Sequence[tuple[str, KeptWhitening]]) -> list[ReportPicture]:
    """One picture a map, of those that stand side by side."""
    kinds = [kind for kind in MAP_ENDS if MAP_ENDS[kind] in newest.whitening.facts] or ["peak"]
    width = maps.shape[1] // len(kinds)
    drawn = []
    for place, kind in enumerate(kinds):
        frame = np.ascontiguousarray(maps[:, place * width : (place + 1) * width])
        small, scale = reduced(frame)
        lines = [Outline(scaled(one.whitening.region, scale), number) for number, one in of_it]
        normal = {scaled(one.normal, scale) for _, one in of_it if one.normal}
        lines += [Outline(points, dashed=True) for points in sorted(normal)]
        drawn.append(printed(with_outlines(small, lines), _caption(kind, newest, dashed=bool(normal))))
    return drawn


def _caption(kind: str, one: KeptWhitening, *, dashed: bool) -> str:
    what, unit = _SAYS[kind]
    end = one.whitening.facts.get(MAP_ENDS[kind])
    if end is None:
        shown = tr("{map} (over the first frame after acid).", map=what)
    else:
        shown = tr(
            "{map} (over the first frame after acid, dark to bright: 0 to {end:g} {unit}).",
            map=what,
            end=end,
            unit=unit,
        )
    if dashed:
        marked = tr("Numbered: the places that were measured; dashed: tissue named as normal.")
    else:
        marked = tr("Numbered: the places that were measured.")
    return f"{shown} {marked}"
