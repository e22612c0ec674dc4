"""How single pictures are shown on the stage: their display window, and what they are looked at through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pfm_desktop.domain.source import Source
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA, titled
from pfm_desktop.viewmodels.pair_view import DisplayWindow, Filter, PairView, with_window

FILTER_WORDS = {
    Filter.NONE: tr("No filter"),
    Filter.GREEN: tr("Green filter"),
    Filter.CONTRAST: tr("More contrast"),
}
_IN_NOTE = {Filter.GREEN: tr("green filter"), Filter.CONTRAST: tr("more contrast")}
HINT = tr("For looking only: the picture that is kept, the AI answer and the report stay as they are.")
NARROWEST, BRIGHTEST = 16, 255  # values of a picture


def width_level(window: DisplayWindow) -> tuple[int, int]:
    """Width of the window and its middle, in values of the picture (0..255): 255 and 128 as taken."""
    return round(window.high - window.low), round((window.high + window.low) / 2)


def with_width_level(window: DisplayWindow, width: int, level: int) -> DisplayWindow:
    """Another width and middle; the narrowest that is taken is `NARROWEST`."""
    if (width, level) == width_level(DisplayWindow()):
        return replace(window, low=0.0, high=255.0)
    half = max(width, NARROWEST) / 2
    return replace(window, low=level - half, high=level + half)


def green_toggled(view: PairView) -> PairView:
    """White light through the green filter, or as taken again."""
    window = view.window(Source.WHITE)
    other = Filter.NONE if window.filter is Filter.GREEN else Filter.GREEN
    return with_window(view, Source.WHITE, replace(window, filter=other))


def as_taken(view: PairView) -> PairView:
    """All pictures as they were taken."""
    return replace(view, white_window=DisplayWindow(), fluorescence_window=DisplayWindow())


def note_of(view: PairView, shown: Sequence[tuple[Source, str]]) -> str:
    """What stands on the stage while a picture is not shown as it was taken; "" else. `shown`: those in sight, with
    their titles."""
    parts = [titled(title, _said(view.window(source))) for source, title in shown if not view.window(source).neutral]
    return tr("Processed, for looking: {pictures}", pictures="; ".join(parts)) if parts else ""


def _said(window: DisplayWindow) -> str:
    said = [_IN_NOTE[window.filter]] if window.filter in _IN_NOTE else []
    width, level = width_level(window)
    if (window.low, window.high) != (0.0, 255.0):
        said.append(tr("window {width}, level {level}", width=width, level=level))
    if window.gamma != 1.0:
        said.append(tr("gamma {gamma:.1f}", gamma=window.gamma))
    return COMMA.join(said)
