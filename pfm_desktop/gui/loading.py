"""Loading the modules of the pages while the window is used already.

Classes of Qt are made on the thread of the window only. Made on another one while the window works, they ended the
program now and then, inside Qt. What pages need beside Qt takes longest, and is loaded on another thread first.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import pfm_desktop.domain
import pfm_desktop.viewmodels
from pfm_desktop.support import memory

_BELOW = (pfm_desktop.domain, pfm_desktop.viewmodels)
# what Capture needs beside them, of which OpenCV takes longest
_OF_CAPTURE = tuple(
    f"pfm_desktop.{name}"
    for name in ("imaging.shown", "capture.recorder", "services.capture.following", "services.capture.live")
)
# widgets that many others need or that are large, each before those that need it: one in each turn of the event loop
STONES = tuple(
    f"pfm_desktop.gui.{name}"
    for name in (
        "widgets.layers", "widgets.legend", "widgets.scene", "widgets.stage_render", "widgets.stage",
        "widgets.filmstrip", "widgets.panel_parts", "widgets.picture_rows", "pages.review.pictures",
        "widgets.warning_notice", "widgets.answer_panel", "widgets.findings_panel", "widgets.report_panel",
        "pages.review.side", "pages.review.guests", "widgets.stage_bar", "pages.review.second", "widgets.live_view",
        "widgets.timeline_panel", "pages.capture.device_form",
        "pages.capture.clips_panel", "pages.capture.whitening_panel", "pages.capture.forms",
        "pages.capture.examining", "pages.capture.recording", "pages.capture.looking", "pages.capture.arriving",
        "pages.capture.side",
        "widgets.people_panel", "widgets.upkeep_section",
    )
)  # fmt: skip


def load_below(_ctx: object) -> None:
    """Load what the pages need beside Qt, as a job."""
    with memory.without_collection():
        for room in _BELOW:
            for found in pkgutil.iter_modules(room.__path__):
                importlib.import_module(f"{room.__name__}.{found.name}")
        for name in _OF_CAPTURE:
            importlib.import_module(name)


def load_next() -> bool:
    """Load the next of `STONES`, on the thread of the window; False where there is none any more."""
    name = next((name for name in STONES if name not in sys.modules), None)
    if name is not None:
        importlib.import_module(name)
    return name is not None
