"""The heatmap of a report is the one of the screen, and its words are whole."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import (
    BANNER,
    DEMONSTRATION,
    Analysis,
    Familiarity,
    Heatmap,
    ModelInfo,
    Prediction,
)
from pfm_desktop.domain.quality import Refusal
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.imaging.compose import Mark, heat_over
from pfm_desktop.interop.pdf_content import BURNT_IN_HEIGHT, PICTURE_WIDTH, ReportContent, ReportPicture
from pfm_desktop.services import report_pictures
from pfm_desktop.services.report_pictures import PRINTED_TEXT, answer_lines, answer_warning, heated, overlay
from pfm_desktop.viewmodels.grades import by
from pfm_desktop.viewmodels.overlay import coloured, level_colours, prepare
from pfm_desktop.viewmodels.pair_view import HeatmapView

MODEL = ModelInfo("pfm-demo", "0-interim", "ab" * 32, PLACES, "T0", "token", 224)


def answer(values: np.ndarray) -> Analysis:
    shares = dict(zip(GRADES, (0.05, 0.2, 0.7, 0.05), strict=True))
    prediction = Prediction(
        Grade.HIGH, shares, dict.fromkeys(GRADES, 0.04), (Grade.LOW, Grade.HIGH), False, {}, {}, (Source.WHITE,)
    )
    return Analysis(MODEL, {}, None, prediction, None, Source.WHITE, {"fused": Heatmap(values, "attention relevance")})


def grey(width: int = 400, height: int = 300) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


def pixels_of(picture: ReportPicture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.jpeg)).convert("RGB")).astype(int)


@pytest.mark.slow
@pytest.mark.parametrize("width", [200, 260, 400, 700, 1200, 3840])
@pytest.mark.parametrize("size", [1.0, PRINTED_TEXT])
def test_no_word_of_banner_label_and_legend_is_cut(monkeypatch, width: int, size: float) -> None:
    drawn: list[str] = []
    real = ImageDraw.ImageDraw.text

    def spy(self, xy, text, fill=None, font=None, anchor=None):
        left, top, right, bottom = self.textbbox(xy, text, font, anchor=anchor)
        assert left >= 0
        assert top >= 0
        assert right <= self.im.size[0], f"{text} at {width}"
        assert bottom <= self.im.size[1]
        drawn.append(text)
        real(self, xy, text, fill, font, anchor)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", spy)
    overlay(grey(width, width // 2), answer(np.full((30, 40), 0.5, np.float32)), size=size)
    said = " ".join(drawn)
    assert BANNER in said
    assert f"pfm-demo 0-interim: {DEMONSTRATION}" in said
    assert "Answer: high (0.70). Prediction set: low, high. Other grades are not excluded." in said
    assert "One source only: white light" in said
    assert "Model attention (not a lesion outline, no guide for biopsies), threshold 0.30" in said
    assert "0 least" in said
    assert "1 most here" in said


def test_an_overlay_on_which_nothing_is_drawn_says_so(monkeypatch) -> None:
    titles: list[str] = []
    monkeypatch.setattr(report_pictures, "with_legend", lambda pixels, title, **_: titles.append(title) or pixels)
    for value in (0.29, 0.31):
        overlay(grey(), answer(np.full((3, 4), value, np.float32)))
    empty = "nothing from 0.30 (most 0.28). Graded high: model attention shows what speaks for high. That nothing"
    assert empty in titles[0]
    assert ", threshold 0.30. Graded high" in titles[1]
    assert "That nothing" not in titles[1]


def test_an_overlay_says_what_its_heatmap_shows(monkeypatch) -> None:
    titles: list[str] = []
    monkeypatch.setattr(report_pictures, "with_legend", lambda pixels, title, **_: titles.append(title) or pixels)
    high = answer(np.full((3, 4), 0.5, np.float32))
    assert high.prediction is not None
    for grade in (Grade.NORMAL, Grade.HIGH):
        overlay(grey(), replace(high, prediction=replace(high.prediction, grade=grade)))
    assert titles[0].endswith(". Graded normal: model attention shows what speaks for high, not for normal.")
    assert titles[1].endswith(". Graded high: model attention shows what speaks for high.")


def test_an_indeterminate_answer_on_the_overlay_lists_its_set() -> None:
    analysis = answer(np.zeros((3, 4), np.float32))
    assert analysis.prediction is not None
    wide = replace(analysis.prediction, prediction_set=(Grade.NORMAL, Grade.LOW, Grade.HIGH), indeterminate=True)
    expected = "Answer: indeterminate (likeliest high 0.70). Prediction set: normal, low, high. "
    assert answer_lines(replace(analysis, prediction=wide))[0] == f"{expected}Other grades are not excluded."


def test_only_a_lone_source_is_named_on_the_overlay() -> None:
    analysis = answer(np.zeros((3, 4), np.float32))
    assert analysis.prediction is not None
    assert answer_lines(analysis)[1:] == ("One source only: white light",)
    both = replace(analysis.prediction, sources=PLACES)
    assert len(answer_lines(replace(analysis, prediction=both))) == 1


def unlike() -> Analysis:
    analysis = answer(np.full((30, 40), 0.5, np.float32))
    assert analysis.prediction is not None
    far = {Source.WHITE: Familiarity(1.43, 0.95)}
    return replace(analysis, prediction=replace(analysis.prediction, familiarity=far))


def test_an_overlay_warns_before_its_answer_where_the_picture_is_unlike_anything_learned_from(monkeypatch) -> None:
    drawn: list[str] = []
    real = ImageDraw.ImageDraw.text
    monkeypatch.setattr(
        ImageDraw.ImageDraw, "text", lambda self, xy, text, *rest, **more: (
            drawn.append(text), real(self, xy, text, *rest, **more)
        )
    )  # fmt: skip
    warning = "WARNING: Unlike anything the model learned from: white light. Do not rely on this grade."
    overlay(grey(1600, 800), unlike())
    banner = drawn[next(number for number, line in enumerate(drawn) if line.startswith("WARNING")) :]
    assert banner[:2] == [warning, BANNER]
    assert banner[3].startswith("Answer: high (0.70).")
    drawn.clear()
    overlay(grey(1600, 800), answer(np.full((30, 40), 0.5, np.float32)))
    assert not any("WARNING" in line for line in drawn)


@pytest.mark.parametrize("letters", [0, 30])
def test_in_print_where_the_reason_stands_above_the_pictures_the_warning_is_short(monkeypatch, letters: int) -> None:
    asked: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(
        report_pictures, "with_banner", lambda pixels, lines, warning, **_: asked.append((warning, lines)) or pixels
    )
    overlay(grey(), unlike(), letters=letters)
    (warning, lines) = asked[0]
    assert warning == answer_warning(unlike(), short=letters > 0)
    assert (warning == "WARNING: Do not rely on this grade.") is (letters > 0)
    assert not any("WARNING" in line for line in lines)


def test_a_refusal_and_a_familiar_answer_are_not_warned_of() -> None:
    familiar = answer(np.zeros((3, 4), np.float32))
    refused = replace(familiar, prediction=None, refused=Refusal("too dark", "Raise the light."))
    assert answer_warning(familiar) == answer_warning(refused, short=True) == ""


def test_the_printed_heatmap_is_the_one_of_the_screen() -> None:
    values = np.linspace(0, 1, 40, dtype=np.float32)[None].repeat(30, axis=0)
    look = HeatmapView()
    colours = level_colours(colour_map=look.colour_map, threshold=look.threshold)
    packed = coloured(prepare(Heatmap(values, "x"), aspect=4 / 3).levels, colours)
    on_screen = packed[10, ::8].astype(np.int64)
    alpha = (on_screen >> 24) / 255
    colour = np.stack([on_screen >> 16 & 255, on_screen >> 8 & 255, on_screen & 255], axis=1)
    expected = 128 * (1 - look.opacity * alpha[:, None]) + colour * look.opacity
    printed = heat_over(np.full((576, 768, 3), 128, np.uint8), values)[10, ::8].astype(int)
    assert np.abs(printed - expected).max() <= 12  # about one step of the colour map


def test_the_pins_stand_on_the_printed_heatmap() -> None:
    analysis = answer(np.zeros((30, 40), np.float32))
    bare, pinned = heated(grey(), analysis, "c"), heated(grey(), analysis, "c", [Mark(100, 80, "A")], Mark(300, 200))
    assert bare is not None
    assert pinned is not None
    changed = np.abs(pixels_of(pinned) - pixels_of(bare)).max(axis=2) > 60
    rows, columns = np.nonzero(changed)
    top = bare.height - 300  # no lower than this does the picture begin
    assert changed.any()
    assert abs(columns.min() - 100) < 25
    assert rows.max() < top + 230


def test_window_and_print_say_the_same_time_with_its_zone(monkeypatch) -> None:
    import time

    from pypdf import PdfReader

    from pfm_desktop.interop.pdf import pdf_bytes

    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    try:
        at = datetime(2026, 11, 25, 13, 30, tzinfo=UTC)
        words = "25 Nov 2026 14:30 UTC+01:00"
        assert by("Dr. A", at) == f"Dr. A, {words}"
        page = PdfReader(io.BytesIO(pdf_bytes(ReportContent(at, "test", visit_at=at)))).pages[0].extract_text()
        assert " ".join(page.split()).count(words) == 2
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("size", [(1024, 1024), (1200, 675), (640, 480), (900, 1200)])
def test_what_is_drawn_into_a_printed_picture_is_as_high_as_printed_letters(size, monkeypatch) -> None:
    width, height = size
    asked: list[int] = []
    real = report_pictures.with_banner

    def watched(pixels, lines, **options):
        asked.append(options["letters"])
        return real(pixels, lines, **options)

    monkeypatch.setattr(report_pictures, "with_banner", watched)
    drawn = heated(grey(width, height), answer(np.full((30, 40), 0.5, np.float32)), "c")
    assert drawn is not None
    assert drawn.burnt_in
    scale = min(PICTURE_WIDTH / drawn.width, BURNT_IN_HEIGHT / drawn.height)
    assert asked[0] * scale >= 6.5  # points
