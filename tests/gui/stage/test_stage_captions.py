"""Captions on pictures that are no pair."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.stage import StageWidget
from pfm_desktop.gui.widgets.stage_captions import MARGIN, draw_caption
from pfm_desktop.gui.widgets.stage_prepared import PreparedPair, prepared
from pfm_desktop.jobs import SilentContext
from pfm_desktop.viewmodels.captions import Caption, Captions
from pfm_desktop.viewmodels.pair_view import Mode, zoomed_to

RED, BLUE = (200, 20, 20), (20, 20, 200)
TWO = Captions({Source.WHITE: Caption("Today, 20 Nov 2026"), Source.FLUORESCENCE: Caption("Earlier, 16 Oct 2025")})
ALONE = Captions({Source.WHITE: Caption("Acetic acid", ("aligned",), big="60 s")}, alone=True)


def plain(colour: tuple[int, int, int], size: tuple[int, int] = (160, 120)) -> np.ndarray:
    return np.full((size[1], size[0], 3), colour, np.uint8)


def ready(*pictures: np.ndarray, captions: Captions, goes_on: bool = False) -> PreparedPair:
    made = prepared(SilentContext(), pictures[0], pictures[1] if len(pictures) > 1 else None, None)
    return replace(made, captions=captions, goes_on=goes_on)


@pytest.fixture
def stage(qtbot) -> StageWidget:
    made = StageWidget()
    qtbot.addWidget(made)
    made.resize(900, 400)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_a_caption_is_written_in_the_corner_that_is_asked_for_and_within_its_share() -> None:
    image = QImage(800, 300, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    area = QRectF(0, 0, 800, 300)
    left = draw_caption(painter, TWO.of[Source.WHITE], area)
    right = draw_caption(painter, Caption("A title " * 30), area, right=True, share=0.5)
    large = draw_caption(painter, ALONE.of[Source.WHITE], area)
    painter.end()
    assert (left.left(), right.right()) == (MARGIN, 800 - MARGIN)
    assert right.left() >= 400
    assert large.height() > left.height() + 50  # the number is read from across the room


def test_captions_take_the_place_of_titles_and_are_spoken(stage) -> None:
    stage.set_prepared(ready(plain(RED), plain(BLUE), captions=TWO))
    assert [stage.shown.title(place) for place in stage.shown.sources] == [TWO.title(p) for p in stage.shown.sources]
    assert "Today, 20 Nov 2026 and Earlier, 16 Oct 2025" in stage.accessibleDescription()
    written = stage.grab().toImage()
    stage.set_prepared(ready(plain(RED), plain(BLUE), captions=Captions()))
    assert stage.grab().toImage() != written


def test_a_pair_that_comes_after_them_has_no_captions(stage) -> None:
    white, other = plain(RED), plain(BLUE)
    stage.set_prepared(ready(white, other, captions=TWO))
    stage.set_pair(white, other, None)  # the same arrays
    assert stage.shown.captions is None
    assert "Today" not in stage.accessibleDescription()


def test_one_picture_alone_has_the_whole_stage_in_any_mode(stage) -> None:
    stage.set_prepared(ready(plain(RED), captions=ALONE))
    for mode in Mode:
        stage.commands.set_mode(mode)
        (pane,) = stage.arrangement.panes
        assert pane.lens.width == stage.width()
        assert stage.arrangement.note == ""


def test_the_next_of_a_sequence_is_looked_at_as_the_one_before_it(stage) -> None:
    stage.set_prepared(ready(plain(RED), captions=ALONE))
    stage.set_view(zoomed_to(stage.view, stage.arrangement.panes[0].lens, (160, 120), 7.0))
    view = stage.view
    stage.set_prepared(ready(plain(BLUE), captions=ALONE, goes_on=True))
    assert stage.view == view
    stage.set_prepared(ready(plain(RED), captions=ALONE))
    assert stage.view.zoom is None


def test_two_that_are_not_aligned_say_so_where_another_mode_is_asked_for(stage) -> None:
    stage.set_prepared(ready(plain(RED), plain(BLUE), captions=TWO))
    stage.commands.set_mode(Mode.SWIPE)
    assert stage.arrangement.mode is Mode.SIDE_BY_SIDE
    assert stage.arrangement.note == "Swipe needs two pictures that lie on each other: these are not aligned"
    stage.set_prepared(replace(ready(plain(RED), plain(BLUE), captions=TWO), pending=True))
    assert stage.arrangement.note == "Swipe follows once the pictures are aligned"
