"""Thumbnails are made once, kept with the library, and never in the way."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import text

from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import backup, cases, housekeeping, thumbnails
from pfm_desktop.storage import upkeep
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError

pytestmark = pytest.mark.slow

CTX = SilentContext()


def smooth(width: int, height: int) -> bytes:
    """A PNG that changes slowly, so that small and large show the same."""
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    out = BytesIO()
    Image.fromarray(np.stack([across, down, np.full_like(across, 90)], axis=-1).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def picture(lib: Library) -> str:
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id).id
    return cases.add_picture(lib, visit, smooth(1600, 800), stage=Stage.ACETIC_ACID).id


def kept_files(lib: Library) -> list[Path]:
    return list(lib.derived.files())


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pictures that were read whole."""
    said: list[str] = []
    true = cases.load_picture

    def load(lib: Library, picture_id: str, *, longest: int = 0) -> object:
        said.append(picture_id)
        return true(lib, picture_id, longest=longest)

    monkeypatch.setattr(cases, "load_picture", load)
    return said


def test_a_thumbnail_is_small_and_shows_the_picture(lib: Library, picture: str) -> None:
    for _ in range(2):  # made, then kept
        pixels = thumbnails.thumbnail(lib, picture)
        assert pixels.shape == (256, 512, 3)
        assert pixels.dtype == np.uint8
        assert abs(int(pixels[128, 256, 0]) - 127) < 12
        assert abs(int(pixels[128, 256, 1]) - 127) < 12


def test_it_is_made_once_also_for_the_next_start(lib: Library, picture: str, decoded: list[str]) -> None:
    thumbnails.thumbnail(lib, picture)
    thumbnails.thumbnail(lib, picture)
    assert decoded == [picture]
    folder = lib.path
    lib.close()
    with Library.open(folder) as again:
        thumbnails.thumbnail(again, picture)
        assert len(kept_files(again)) == 1
    assert decoded == [picture]


@pytest.mark.parametrize("harm", ["lost", "altered", "empty"])
def test_one_that_is_lost_or_altered_is_made_again(lib: Library, picture: str, decoded: list[str], harm: str) -> None:
    before = thumbnails.thumbnail(lib, picture)
    (path,) = kept_files(lib)
    if harm == "lost":
        path.unlink()
    else:
        path.write_bytes(b"" if harm == "empty" else b"something else")
    assert np.array_equal(thumbnails.thumbnail(lib, picture), before)
    assert decoded == [picture, picture]
    thumbnails.thumbnail(lib, picture)
    assert decoded == [picture, picture]


def test_one_that_is_no_picture_is_made_again(lib: Library, picture: str, decoded: list[str]) -> None:
    thumbnails.thumbnail(lib, picture)
    wrong = lib.derived.put(b"whole, and no picture")
    with lib.write() as session:
        session.execute(text("UPDATE thumbnails SET sha256 = :wrong"), {"wrong": wrong})
    thumbnails.thumbnail(lib, picture)
    thumbnails.thumbnail(lib, picture)
    assert decoded == [picture, picture]


def test_a_small_picture_is_not_enlarged(lib: Library, picture: str) -> None:
    visit = cases.today(lib)[0].visit.id
    small = cases.add_picture(lib, visit, smooth(64, 48), stage=Stage.LUGOL)
    for _ in range(2):
        assert thumbnails.thumbnail(lib, small.id).shape == (48, 64, 3)


def test_a_library_that_is_read_only_makes_them_in_memory(lib: Library, picture: str) -> None:
    with Library.open(lib.path) as reader:
        assert reader.read_only
        assert thumbnails.thumbnail(reader, picture).shape == (256, 512, 3)
        assert kept_files(reader) == []


def test_no_room_for_it_keeps_nobody_from_seeing_it(
    lib: Library, picture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_data: bytes) -> str:
        raise StorageError("the disk is full", safe="nothing was changed")

    monkeypatch.setattr(lib.derived, "put", full)
    assert thumbnails.thumbnail(lib, picture).shape == (256, 512, 3)


def test_a_picture_that_is_missing_is_missed_whatever_is_kept_of_it(lib: Library, picture: str) -> None:
    thumbnails.thumbnail(lib, picture)
    (path,) = lib.pictures.files()
    path.unlink()
    with pytest.raises(StorageError, match="missing"):
        thumbnails.thumbnail(lib, picture)


def test_a_picture_that_is_not_on_record_is_said(lib: Library) -> None:
    with pytest.raises(StorageError, match="not in the library"):
        thumbnails.thumbnail(lib, "0" * 32)


def test_a_backup_brings_it_along_and_housekeeping_is_content(
    lib: Library, picture: str, tmp_path: Path, decoded: list[str]
) -> None:
    thumbnails.thumbnail(lib, picture)
    backup.back_up(CTX, lib, tmp_path / "backup")
    restored = backup.restore(CTX, tmp_path / "backup", tmp_path / "again")
    assert restored.problems == ()
    with Library.open(restored.library) as again:
        assert housekeeping.verify(CTX, again).clean
        thumbnails.thumbnail(again, picture)
        with again.read() as session:
            assert {path.stem for path in again.derived.files()} == upkeep.named_in(session).derived
    assert decoded == [picture]
