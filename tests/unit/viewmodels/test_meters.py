"""The meters of the live picture as they are said."""

from __future__ import annotations

import numpy as np
import pytest

from pfm_desktop.domain.quality import Verdict
from pfm_desktop.imaging import live
from pfm_desktop.viewmodels.meters import LiveMeters

GREY = np.full((36, 64, 3), 90, np.uint8)


def centred(monkeypatch: pytest.MonkeyPatch, found: live.Centring) -> tuple[str, Verdict]:
    monkeypatch.setattr(live, "centring", lambda _pixels: found)
    last = LiveMeters().read(GREY, look_for_cervix=True)[-1]
    assert last.name == "Centring"
    return last.words, last.verdict


@pytest.mark.parametrize("words", ["in the middle", "move right", "move left and up, and closer"])
def test_where_to_swing_is_said_once(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    arrow = words.partition(",")[0] if words.startswith("move") else ""
    found = live.Centring(0.4, 0.0, 0.4, arrow, Verdict.LIMITED, words)
    assert centred(monkeypatch, found) == (words, Verdict.LIMITED)


def test_where_she_lies_stays_said_between_two_looks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = LiveMeters()
    assert [one.name for one in reader.read(GREY, look_for_cervix=False)] == ["Focus", "Exposure", "Glare"]
    monkeypatch.setattr(live, "centring", lambda _pixels: live.Centring(0, 0, 0.6, "", Verdict.GOOD, "in the middle"))
    reader.read(GREY, look_for_cervix=True)
    assert reader.read(GREY, look_for_cervix=False)[-1].words == "in the middle"
