"""Words drawn into pictures are black in every set for research, whoever asks; without the finder none goes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from pfm_desktop.domain.source import Stage
from pfm_desktop.imaging import words as finder
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.imaging.phantom import render
from pfm_desktop.jobs import Cancelled, SilentContext
from pfm_desktop.services import cases
from pfm_desktop.services.export import words_found
from pfm_desktop.services.export.research import Format, Wish, export_research
from pfm_desktop.services.export.words_found import words_of
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import ModelError, StorageError

from .conftest import everything, stopping_at

pytestmark = pytest.mark.slow

CTX = SilentContext()
SIZE = 320
LOOKED = Wish(pixels_looked_at=True)


def with_name() -> tuple[np.ndarray, np.ndarray]:
    """A picture with a name in it, and where its strokes are."""
    picture, strokes = render(71_001, size=SIZE).white.copy(), np.zeros((SIZE, SIZE), np.uint8)
    cv2.putText(strokes, "Wunderlich R.", (12, 28), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1, cv2.LINE_AA)
    picture[strokes > 0] = 255
    return picture, strokes > 0


def fill(lib: Library) -> str:
    patient = cases.add_patient(lib, identifier="MRN-1", family_name="Wunderlich")
    visit = cases.add_visit(lib, patient.id).id
    cases.add_picture(lib, visit, encode_png(with_name()[0]), stage=Stage.ACETIC_ACID)
    cases.add_picture(lib, visit, encode_png(render(71_002, size=SIZE).white), stage=Stage.LUGOL)
    return visit


@pytest.fixture
def lib(tmp_path: Path, library_from: Callable[..., str]) -> Iterator[Library]:
    """One visit, two pictures, a name drawn into the first."""
    words_found._known.clear()
    library_from(tmp_path / "words", fill)
    with Library.open(tmp_path / "words") as lib:
        yield lib


def pictures_of(lib: Library) -> dict[Stage, str]:
    (row,) = cases.today(lib)
    return {picture.stage: picture.id for picture in cases.visit_case(lib, row.visit.id).pictures}


def written(folder: Path, stage: Stage) -> np.ndarray:
    (file,) = (folder / "pictures").glob(f"*{stage.value}*.png")
    return np.asarray(Image.open(file).convert("RGB"))


def on_record(lib: Library) -> dict[str, object]:
    with lib.read() as session:
        *_, line = journal.entries(session, what="export")
    return dict(line.new or {})


def test_a_name_in_a_picture_is_black_in_the_set_and_counted(lib: Library, tmp_path: Path) -> None:
    made = export_research(CTX, lib, tmp_path / "set", LOOKED)
    picture, strokes = with_name()
    clean = written(tmp_path / "set", Stage.ACETIC_ACID)
    assert not clean[strokes].any()
    assert (clean[60:] == picture[60:]).all()
    assert (made.words_boxes >= 1, made.words_pictures) == (True, 1)
    said = on_record(lib)
    assert (said["words_boxes"], said["words_pictures"], said["words_laid_bare"]) == (made.words_boxes, 1, 0)


def test_a_picture_without_words_goes_out_whole(lib: Library, tmp_path: Path) -> None:
    export_research(CTX, lib, tmp_path / "set", LOOKED)
    assert (written(tmp_path / "set", Stage.LUGOL) == render(71_002, size=SIZE).white).all()


def test_in_dicom_the_name_is_black_and_what_was_done_is_said_as_the_standard_has_it(
    lib: Library, tmp_path: Path
) -> None:
    export_research(CTX, lib, tmp_path / "set", replace(LOOKED, format=Format.DICOM))
    found = [dcmread(path) for path in (tmp_path / "set").rglob("*acetic_acid*.dcm")]
    (made,) = [dataset for dataset in found if "PixelData" in dataset]
    assert not made.pixel_array[with_name()[1]].any()
    assert made.BurnedInAnnotation == "NO"
    assert "113101" in [code.CodeValue for code in made.DeidentificationMethodCodeSequence]


def test_what_somebody_saw_and_laid_bare_stays_bare_and_is_on_record(lib: Library, tmp_path: Path) -> None:
    ids = pictures_of(lib)
    wish = replace(LOOKED, words={ids[Stage.ACETIC_ACID]: ()}, words_laid_bare=1)
    made = export_research(CTX, lib, tmp_path / "set", wish)
    assert (written(tmp_path / "set", Stage.ACETIC_ACID) == with_name()[0]).all()
    assert (made.words_boxes, made.words_pictures) == (0, 0)
    assert on_record(lib)["words_laid_bare"] == 1


def test_no_picture_is_looked_through_twice(lib: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = finder.find_words
    monkeypatch.setattr(finder, "find_words", lambda pixels: asked.append(1) or real(pixels))
    ids = pictures_of(lib)
    first = [words_of(CTX, lib, picture_id) for picture_id in ids.values()]
    assert [words_of(CTX, lib, picture_id) for picture_id in ids.values()] == first
    export_research(CTX, lib, tmp_path / "set", LOOKED)
    assert len(asked) == 2


def test_of_very_many_pictures_the_oldest_are_forgotten(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_found, "KEPT", 1)
    for picture_id in pictures_of(lib).values():
        words_of(CTX, lib, picture_id)
    assert len(words_found._known) == 1


@pytest.mark.parametrize("kind", list(Format))
def test_without_the_finder_nothing_goes_out_and_nothing_is_on_record(
    kind: Format, lib: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finder, "resources_dir", lambda: tmp_path / "nowhere")
    finder._network.cache_clear()
    try:
        with pytest.raises(ModelError, match="install it again"):
            export_research(CTX, lib, tmp_path / "set", replace(LOOKED, format=kind))
    finally:
        finder._network.cache_clear()
    assert not list(tmp_path.glob("set*"))
    with lib.read() as session:
        assert not list(journal.entries(session, what="export"))


def test_it_can_be_cancelled_and_leaves_nothing(lib: Library, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        export_research(stopping_at(2), lib, tmp_path / "set", LOOKED)
    assert not list(tmp_path.glob("set*"))


def test_a_picture_that_is_not_there_is_said(lib: Library) -> None:
    with pytest.raises(StorageError, match="not in the library"):
        words_of(CTX, lib, "nothing")


def test_no_file_of_the_set_says_where_words_were(lib: Library, tmp_path: Path) -> None:
    export_research(CTX, lib, tmp_path / "set", replace(LOOKED, format=Format.COCO))
    said = json.loads(everything(tmp_path / "set")["coco.json"])
    assert "words" not in json.dumps(said)
