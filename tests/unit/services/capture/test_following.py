"""Whitening is followed from all that was recorded since acid was applied, and says where its beginning is missing."""

from __future__ import annotations

import time

import numpy as np
import pytest

from pfm_desktop.capture.recorder import Recorder
from pfm_desktop.capture.source import Frame
from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.domain.examination import LATE_FIRST_S, Whitening
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services.capture import following
from pfm_desktop.services.capture.clips import begin_clip
from pfm_desktop.storage.library import Library
from pfm_desktop.viewmodels import whitening as words

SIZE = 96, 64


def record(lib: Library, visit: str, *, ago: float, since_acid: float, frames: int = 3) -> str:
    """A clip of whitening that began so many seconds ago, so long after acid; one frame a second."""
    began = time.monotonic() - ago
    writer = begin_clip(lib, visit, ClipKind.WHITENING, size=SIZE, seconds_since_acid=since_acid, began=began)
    recorder = Recorder(writer.put, began=began)
    texture = np.random.default_rng(1).integers(80, 200, (SIZE[1] // 4, SIZE[0] // 4, 3), dtype=np.uint8)
    pixels = np.kron(texture, np.ones((4, 4, 1), np.uint8))
    for number in range(frames):
        recorder.take(Frame(pixels, began + number, number))
    writer.finish(recorder.stop())
    return writer.clip.id


def test_what_was_recorded_before_a_break_is_followed_on_with_what_came_after_it(lib: Library, visit: str) -> None:
    record(lib, visit, ago=900.0, since_acid=1.0)  # of an acid before
    first = record(lib, visit, ago=200.0, since_acid=2.0)
    second = record(lib, visit, ago=120.0, since_acid=82.0)
    found = following.clips_since_acid(lib, visit)
    assert found == (first, second)
    followed = following.from_clips(SilentContext(), lib, found)
    assert (followed.clip_id, followed.frames[0].seconds) == (first, pytest.approx(2.0))
    assert followed.count == 4  # every other frame of each


def test_a_visit_without_such_a_clip_has_none(lib: Library, visit: str) -> None:
    assert following.clips_since_acid(lib, visit) == ()


def test_a_curve_that_begins_late_says_so() -> None:
    early = Whitening((), (LATE_FIRST_S, 60.0), (0.0, 8.0), peak=8.0, peak_s=60.0)
    late = Whitening((), (71.0, 90.0), (0.0, 8.0), peak=8.0, peak_s=90.0)
    assert words.caution(early) == ""
    assert words.caution(late).startswith("Followed from 1:11 after acid on only")
