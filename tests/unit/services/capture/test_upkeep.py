"""What lies beside pictures in their store is looked after as they are: verified, backed up, never swept away."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.examination import DEFAULT_PLAN, Whitening
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import backup, backup_check, cases, encrypting, housekeeping, removal, review
from pfm_desktop.services.capture import records
from pfm_desktop.storage import upkeep
from pfm_desktop.storage.library import Library

from .conftest import lit, taken

pytestmark = pytest.mark.slow

CTX = SilentContext()
CLIP, MAP, DARK = b"frames of a clip", taken(7).data, taken(8).data
WORDS = {CLIP: "part of a clip", MAP: "map of whitening", DARK: "dark frame"}


@dataclass(frozen=True)
class Examined:
    lib: Library
    visit: str
    pictures: tuple[str, ...]
    whitening: str

    def file(self, data: bytes) -> Path:
        import hashlib

        path = self.lib.pictures.find(hashlib.sha256(data).hexdigest())
        assert path is not None
        return path


@pytest.fixture
def examined(lib: Library, visit: str) -> Examined:
    """A visit with a pair, of which a dark frame was subtracted, a clip, and a curve with its map."""
    records.begin(lib, visit, DEFAULT_PLAN)
    dark = lib.pictures.put(DARK)
    kept = records.keep_shots(lib, visit, [taken(1), lit(dark_sha256=dark)], pair=True)
    clip = {"visit_id": visit, "kind": "whitening", "started_at": "2026-03-14T12:00:00+00:00", "width": 4, "height": 4}
    lib.apply(Change("clip", "c" * 32, None, clip, "Clip recorded"))
    with lib.write() as session:  # as the recording does, past the journal
        session.execute(
            sa.text(f"INSERT INTO clip_segments VALUES ('{'c' * 32}', 0, '{lib.pictures.put(CLIP)}', 3, 0.0, 1.5)")
        )
    curve = Whitening(region=((1.0, 2.0), (5.5, 2.0), (5.5, 7.0)), seconds=(0.0, 1.0), change=(0.0, 4.0))
    made = records.keep_whitening(lib, visit, "c" * 32, curve, MAP)
    return Examined(lib, visit, tuple(picture.id for picture in kept.pictures), made.key)


def test_all_of_it_is_in_use_and_none_of_it_is_a_picture(examined: Examined) -> None:
    lib = examined.lib
    found = housekeeping.verify(CTX, lib)
    assert (found.pictures, found.problems, found.orphans) == (2, (), 0)
    assert sorted(upkeep.beside_pictures(lib).values()) == sorted(WORDS.values())
    assert housekeeping.sweep(CTX, lib, older_than=-1) == 0


def test_what_was_removed_stays_for_undo_and_what_nobody_names_is_swept(examined: Examined) -> None:
    lib = examined.lib
    stray = lib.pictures.put(b"of a recording that was given up")
    whitening = records.remove_whitening(lib, examined.whitening)
    clip = review.undo(lib, cases.change_that_made(lib, "clip", "c" * 32, "Clip recorded"))
    pictures = removal.remove_pictures(lib, examined.pictures)
    assert housekeeping.sweep(CTX, lib, older_than=-1) == 1
    assert lib.pictures.find(stray) is None
    review.undo_all(lib, (whitening, clip))
    review.undo_all(lib, pictures)
    assert housekeeping.verify(CTX, lib).problems == ()


@pytest.mark.parametrize("data", [CLIP, MAP, DARK])
@pytest.mark.parametrize("how", ["altered", "lost"])
def test_what_is_harmed_is_told_and_comes_back_from_a_backup(
    examined: Examined, tmp_path: Path, data: bytes, how: str
) -> None:
    lib = examined.lib
    made = backup.back_up(CTX, lib, tmp_path / "backup")
    assert (made.pictures, made.problems) == (2, ())
    file = examined.file(data)
    file.unlink()
    if how == "altered":
        file.write_bytes(b"other")
    (problem,) = housekeeping.verify(CTX, lib).problems
    assert problem.startswith(f"a {WORDS[data]}: ")
    assert problem.endswith("Put it back from a backup")
    assert housekeeping.repair(CTX, lib).left == (problem,)
    repaired = housekeeping.repair(CTX, lib, tmp_path / "backup")
    assert repaired.left == ()
    assert f"the {WORDS[data]} " in repaired.done[-1]


@pytest.mark.parametrize("data", [CLIP, MAP, DARK])
def test_a_backup_without_it_says_so(examined: Examined, tmp_path: Path, data: bytes) -> None:
    lib = examined.lib
    backup.back_up(CTX, lib, tmp_path / "backup")
    checked = backup_check.verify_backup(CTX, tmp_path / "backup")
    assert (checked.pictures, checked.problems) == (2, ())
    file = examined.file(data)
    (tmp_path / "backup" / file.relative_to(lib.path)).unlink()
    assert len(backup_check.verify_backup(CTX, tmp_path / "backup").problems) == 1
    restored = backup.restore(CTX, tmp_path / "backup", tmp_path / "again")
    assert (restored.pictures, restored.missing) == (2, 1)
    assert restored.problems[0].startswith(f"not brought back: a {WORDS[data]}, ")
    file.unlink()
    (problem,) = backup.back_up(CTX, lib, tmp_path / "backup").problems
    assert problem.startswith(f"a {WORDS[data]}, ")


def test_a_backup_brings_the_examination_back_as_it_was(examined: Examined, tmp_path: Path) -> None:
    lib, visit = examined.lib, examined.visit
    before = records.examination(lib, visit), records.acquisitions(lib, visit), records.whitenings(lib, visit)
    backup.back_up(CTX, lib, tmp_path / "backup")
    shutil.rmtree(lib.path / "pictures")
    restored = backup.restore(CTX, tmp_path / "backup", tmp_path / "again")
    assert restored.problems == ()
    with Library.open(tmp_path / "again") as again:
        assert (
            records.examination(again, visit),
            records.acquisitions(again, visit),
            records.whitenings(again, visit),
        ) == before
        assert housekeeping.verify(CTX, again).problems == ()


def test_an_encrypted_copy_holds_all_of_it_sealed(examined: Examined, tmp_path: Path) -> None:
    lib, visit = examined.lib, examined.visit
    before = records.examination(lib, visit), records.acquisitions(lib, visit), records.whitenings(lib, visit)
    copy, _ = encrypting.encrypted_copy(CTX, lib, tmp_path / "sealed", "Dr. Test", "four words that differ")
    with copy:
        assert housekeeping.verify(CTX, copy).problems == ()
        assert (
            records.examination(copy, visit),
            records.acquisitions(copy, visit),
            records.whitenings(copy, visit),
        ) == before
        assert sorted(upkeep.beside_pictures(copy).values()) == sorted(WORDS.values())
        assert not any(CLIP in path.read_bytes() for path in (tmp_path / "sealed").rglob("*") if path.is_file())


def test_the_database_of_an_older_version_names_none_of_it(examined: Examined) -> None:
    with examined.lib.write() as session:
        for table in ("clip_segments", "whitenings", "acquisitions"):
            session.execute(sa.text(f"DROP TABLE {table}"))
        assert upkeep.named_in(session).beside == {}


def test_a_dark_frame_that_is_a_picture_too_counts_as_one(lib: Library, visit: str) -> None:
    dark = lib.pictures.put(taken(1).data)
    records.keep_shots(lib, visit, [taken(1), taken(2, dark_sha256=dark)], pair=False)
    assert upkeep.beside_pictures(lib) == {}
    assert housekeeping.verify(CTX, lib).pictures == 2
