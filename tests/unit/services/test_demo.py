from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pfm_desktop.domain.case import VisitRow
from pfm_desktop.domain.followup import Only
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import PLACES, Source, Stage
from pfm_desktop.imaging import phantom
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import cases, demo, follow_up, housekeeping, pairing
from pfm_desktop.services.demo_plan import WOMEN
from pfm_desktop.services.sole_use import InUseError
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.lock import LibraryLock
from pfm_desktop.support import files
from pfm_desktop.support.errors import StorageError
from pfm_desktop.viewmodels import opening

pytestmark = pytest.mark.slow  # trains, or draws many pictures

CTX = SilentContext()
SHOTS = [shot for woman in WOMEN for number in range(len(woman.visits)) for shot in demo.shots_of(woman, number)]
drawn: list[tuple[int, int | None]] = []


def render(
    seed: int, *, grade: Grade, size: int, woman: int, defects: frozenset[phantom.Defect], seconds_since_acid: float
) -> SimpleNamespace:
    """In place of the generator: nothing to look at, but every shot is another picture."""
    drawn.append((seed, woman))
    faults = [list(phantom.Defect).index(defect) + 1 for defect in defects]
    shades = np.random.default_rng([seed, int(seconds_since_acid), *faults]).integers(0, 256, (2, 3), dtype=np.uint8)
    lesion = np.zeros((size, size), dtype=bool)
    lesion[10:20, 30:40] = grade is not Grade.NORMAL
    return SimpleNamespace(
        white=np.full((size, size, 3), shades[0]),
        fluorescence=np.full((size, size, 3), shades[1]),
        lesion=lesion,
        drawn={"mm_per_px": 0.5},
    )


@pytest.fixture(autouse=True)
def _simple_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn.clear()
    monkeypatch.setattr(phantom, "render", render)


def build(path: Path, ctx: CallbackContext | SilentContext = CTX) -> Library:
    return demo.ensure_demo_library(ctx, path, size=64, workers=1)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One demo library that the reading tests share."""
    path = tmp_path_factory.mktemp("demo") / "library"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phantom, "render", render)
        build(path).close()
    return path


@pytest.fixture
def lib(built: Path) -> Iterator[Library]:
    with Library.open(built) as library:
        yield library


@pytest.fixture
def opened(lib: Library) -> list[cases.VisitCase]:
    return [cases.visit_case(lib, row.visit.id) for row in cases.today(lib)]


def rows(lib: Library) -> tuple[VisitRow, ...]:
    return cases.today(lib)


def test_there_are_24_women_and_40_visits_and_all_are_plainly_fictitious(lib: Library) -> None:
    assert lib.demo
    women = cases.find_patients(lib)
    assert len(women) == 24
    assert len(rows(lib)) == 40
    assert {woman.family_name for woman in women} == {"Demo"}
    assert len({woman.given_name for woman in women}) == 24
    assert {woman.identifier for woman in women} == {f"DEMO-{number:04d}" for number in range(1, 25)}


def test_today_is_not_empty_and_some_of_it_waits_to_be_read(lib: Library) -> None:
    now = datetime.now().astimezone()
    of_today = [row for row in rows(lib) if row.visit.started_at.astimezone().date() == now.date()]
    assert len([row for row in of_today if not row.impression]) == 3
    assert [row.impression for row in of_today if row.impression] == ["high"]
    assert max(row.visit.started_at for row in rows(lib)) <= datetime.now(UTC)


def test_letters_were_sent_after_the_results_they_tell_of(lib: Library) -> None:
    """Else each woman of the demonstration would have to be written to again."""
    days = follow_up.site_choice(lib).days
    due = {only: cases.count_visits(lib, only=only, overdue_days=days) for only in (Only.OVERDUE, Only.LETTER)}
    assert due[Only.OVERDUE] > 0
    assert due[Only.LETTER] <= due[Only.OVERDUE]


def test_there_are_follow_ups_unsigned_and_signed_visits(lib: Library) -> None:
    assert sum(row.earlier_visits > 0 for row in rows(lib)) == 16
    assert any(row.impression and not row.signed for row in rows(lib))
    assert sum(row.signed for row in rows(lib)) > 15
    assert all(row.impression for row in rows(lib) if row.signed)


def test_one_source_is_missing_at_one_visit_each(opened: list[cases.VisitCase]) -> None:
    sources = [frozenset(picture.source for picture in case.pictures) for case in opened]
    assert sources.count(frozenset({Source.WHITE})) == 1
    assert sources.count(frozenset({Source.FLUORESCENCE})) == 1
    assert sources.count(frozenset(PLACES)) == 38


def test_every_visit_has_a_pair_that_opens_and_it_is_the_one_after_acid(opened: list[cases.VisitCase]) -> None:
    for case in opened:
        pair = pairing.default_pair(case)
        assert pair is not None
        shown = [case.picture(key) for key in (pair.white_id, pair.fluorescence_id) if key]
        assert {picture and picture.stage for picture in shown} <= {Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID}


def test_some_visits_have_a_filmstrip_in_the_order_of_an_examination(opened: list[cases.VisitCase]) -> None:
    strips = [[picture.stage for picture in case.pictures] for case in opened if len(case.pictures) == 4]
    assert len(strips) >= 8
    before = [Stage.SALINE, Stage.FLUORESCENCE_BEFORE_ACID]
    after = [Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID]
    assert all(strip in (before + after, after + after) for strip in strips)
    for case in opened:
        for picture in case.pictures:
            acid = picture.stage in (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID)
            assert (picture.seconds_since_acid is not None) is acid
            assert timedelta(0) < picture.taken_at - case.visit.started_at < timedelta(minutes=10)
            assert picture.mm_per_px == 0.5


def test_the_faults_a_clinic_meets_are_there() -> None:
    faults = {fault for shot in SHOTS for fault in shot.defects}
    assert {"wrong_pair", "white_out_of_focus", "fluorescence_too_dark", "too_little_overlap"} <= faults
    assert faults <= {defect.value for defect in phantom.Defect}


def test_the_shots_of_one_visit_show_the_same_woman_with_the_same_lesion() -> None:
    for woman in WOMEN:
        seeds = [{(shot.seed, shot.woman) for shot in demo.shots_of(woman, n)} for n in range(len(woman.visits))]
        assert all(len(visit) == 1 for visit in seeds)
        assert len(set.union(*seeds)) == len(woman.visits)
    assert len({woman.seed for woman in WOMEN}) == len(WOMEN)


def test_no_answer_of_the_ai_is_made_up(opened: list[cases.VisitCase]) -> None:
    assert not any(case.findings.revealed or case.findings.first_read or case.second_read for case in opened)


def test_pins_of_signed_visits_lie_on_the_lesion(opened: list[cases.VisitCase]) -> None:
    pins = [pin for case in opened for pin in case.pins]
    assert len(pins) >= 10
    assert all(30 <= pin.x < 40 and 10 <= pin.y < 20 for pin in pins)


def test_the_library_is_sound(lib: Library) -> None:
    report = housekeeping.verify(CTX, lib)
    assert report.clean
    assert report.orphans == 0


def test_the_second_start_opens_what_is_there(built: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (built / "pictures").rglob("*")}
    with build(built) as again:
        assert len(rows(again)) == 40
    assert drawn == []
    assert {path: path.stat().st_mtime_ns for path in (built / "pictures").rglob("*")} == before
    assert not built.with_name("library.building").exists()


def stop_when(ready: int) -> CallbackContext:
    return CallbackContext(lambda *_: None, lambda: len(drawn) >= ready)


@pytest.mark.slow
def test_a_stopped_start_leaves_no_half_library_and_the_next_one_draws_only_the_rest(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        build(tmp_path / "library", stop_when(20))
    assert not (tmp_path / "library").exists()
    begun = len(drawn)
    assert begun == 20
    with build(tmp_path / "library") as lib:
        assert len(rows(lib)) == 40
    assert len(drawn) == len(SHOTS)
    assert [path.name for path in tmp_path.iterdir()] == ["library"]


@pytest.mark.slow
def test_a_start_stopped_while_filling_begins_the_filling_again(tmp_path: Path) -> None:
    texts: list[str] = []
    filling = CallbackContext(lambda _d, _t, text: texts.append(text), lambda: "Filling the demo library" in texts)
    with pytest.raises(Cancelled):
        build(tmp_path / "library", filling)
    assert not (tmp_path / "library").exists()
    with build(tmp_path / "library") as lib:
        assert len(rows(lib)) == 40
    assert len(drawn) == len(SHOTS)


def test_a_full_disk_is_told_and_nothing_half_made_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        build(tmp_path / "library")
    assert not (tmp_path / "library").exists()


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "thesis.txt").write_text("years of work")
    with pytest.raises(StorageError, match="holds something else"):
        build(tmp_path / "library")
    assert (tmp_path / "library" / "thesis.txt").read_text() == "years of work"
    assert drawn == []


def test_two_programs_started_at_once_do_not_build_in_one_folder(tmp_path: Path) -> None:
    building = tmp_path / "library.building"
    building.mkdir()
    lock = LibraryLock.take(building / "lock")
    try:
        with pytest.raises(InUseError, match=f"the demo library is being made by .*process {os.getpid()}"):
            build(tmp_path / "library")
    finally:
        lock.release()


def test_a_folder_that_may_not_be_looked_into_is_named_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.stat

    def closed(path: str | Path, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
        if str(path).startswith(str(tmp_path / "closed")):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(os, "stat", closed)
    with pytest.raises(StorageError, match=r"closed/library cannot be looked into: Permission denied.*PFM_HOME"):
        build(tmp_path / "closed" / "library")
    monkeypatch.setattr(opening, "demo_library_dir", lambda: tmp_path / "closed" / "library")
    with pytest.raises(StorageError, match="closed/library cannot be looked into"):
        opening.open_library(CTX, "")


def test_a_file_in_place_of_the_home_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(StorageError, match=r"home/library.building cannot be used for work"):
        build(tmp_path / "home" / "library")


def test_what_breaks_while_the_pictures_are_filed_is_told_by_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(demo, "_add_visit", broken)
    with pytest.raises(StorageError, match=r"library\.building: Input/output error.*kept"):
        build(tmp_path / "library")


def test_a_visit_of_today_never_lies_ahead_of_now() -> None:
    for hour in (0, 1, 6, 9, 12, 23):
        now = datetime(2026, 3, 14, hour, 5, tzinfo=UTC)
        for woman in WOMEN:
            for visit in woman.visits:
                moment = demo._moment(visit, now)
                assert moment <= now
                assert (now.date() - moment.date()).days == visit.days
