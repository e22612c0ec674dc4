"""A run on a library: sides stay, the test is never sent, nothing of a case is on disk, a kill costs little."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.learning import Case, Part, Said, State, Why
from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.domain.source import Source
from pfm_desktop.jobs import CallbackContext, Cancelled, Finished, ProcessRunner
from pfm_desktop.pfm.model_file import read_model_file
from pfm_desktop.pfm.training.seen import locked_patients, seen_patients
from pfm_desktop.pfm.training.split import TooFewError
from pfm_desktop.services import housekeeping
from pfm_desktop.services.learning import marks, pictures, run, steering
from pfm_desktop.services.learning.cases import find_cases
from pfm_desktop.services.learning.women import groups_of
from pfm_desktop.services.sole_use import InUseError, sole_use
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, ModelError, StorageError
from pfm_desktop.support.paths import user_models_dir

from .conftest import CTX, Ward, blob

pytestmark = pytest.mark.slow

slow = pytest.mark.slow
SETTINGS = run.Settings("ours", parent="parent", epochs=3, rehearse=0, enough=4)


def begun(ward: Ward, settings: run.Settings = SETTINGS) -> run.Request:
    found = find_cases(CTX, ward.lib)
    return run.begin(ward.lib, found, groups_of(CTX, ward.lib, found.cases).groups, settings)


def marked(ward: Ward, women: Iterable[str]) -> list[str]:
    """What marks these women in a model."""
    return [name for names in marks.names_of(ward.lib, women).values() for name in names]


def test_everybody_gets_a_part_on_record_and_the_test_is_not_sent(ready_ward: Ward) -> None:
    request = begun(ready_ward)
    with ready_ward.lib.read() as session:
        parts = stored.parts(session)
        (row,) = stored.runs(session)
    assert set(parts) == set(ready_ward.women)
    tested = {woman for woman, part in parts.items() if part is Part.TEST}
    assert 2 <= len(tested) <= 6
    assert not tested & {case.patient_id for case in request.cases}
    assert set(request.locked) == set(marked(ready_ward, tested))
    assert request.locked_women == len(tested)
    assert (row.state, row.parent_name, row.model_name, row.settings["seed"]) == (State.RUNNING, "parent", "ours", 0)
    assert row.counts["by_part"]["test"] == len(tested)
    assert housekeeping.verify(CTX, ready_ward.lib).problems == ()


def test_parts_never_change_from_run_to_run_and_new_women_join(ready_ward: Ward) -> None:
    begun(ready_ward)
    with ready_ward.lib.read() as session:
        before = stored.parts(session)
    for number in range(8):
        ready_ward.add(GRADES[number % 4])
    request = begun(ready_ward, replace(SETTINGS, seed=99))
    with ready_ward.lib.read() as session:
        after = stored.parts(session)
    assert {woman: after[woman] for woman in before} == before
    assert len(after) == 32
    assert {case.patient_id for case in request.cases} == {
        woman for woman, part in after.items() if part is not Part.TEST
    }


def test_a_woman_under_a_second_identifier_takes_the_part_of_the_first(ready_ward: Ward) -> None:
    begun(ready_ward)
    with ready_ward.lib.read() as session:
        before = stored.parts(session)
    tested = next(number for number, woman in enumerate(ready_ward.women) if before[woman] is Part.TEST)
    twin = ready_ward.add(Grade.LOW, white=blob(tested % 4, tested))
    request = begun(ready_ward)
    with ready_ward.lib.read() as session:
        assert stored.parts(session)[ready_ward.women[twin]] is Part.TEST
    assert ready_ward.women[twin] not in {case.patient_id for case in request.cases}


def test_a_request_crosses_into_a_process(ready_ward: Ward) -> None:
    request = begun(ready_ward)
    again: run.Request = pickle.loads(pickle.dumps(request))
    assert again == request


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        (replace(SETTINGS, enough=7), TooFewError),
        (replace(SETTINGS, name="a/b"), BadInputError),
        (replace(SETTINGS, parent="nobody"), ModelError),
    ],
)
def test_what_cannot_be_learned_changes_nothing(
    ready_ward: Ward, settings: run.Settings, error: type[Exception]
) -> None:
    with pytest.raises(error):
        begun(ready_ward, settings)
    with ready_ward.lib.read() as session:
        assert stored.parts(session) == {}
        assert stored.runs(session) == ()


def learned(ward: Ward, ctx: Any = CTX, request: run.Request | None = None) -> tuple[run.Request, run.Learned]:
    request = request or begun(ward)
    return request, run.learn(ctx, request)


def pictures_on_disk(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


@slow
def test_a_run_ends_with_a_model_in_quarantine_and_the_old_one_active(ready_ward: Ward) -> None:
    request, made = learned(ready_ward)
    assert not (user_models_dir() / "ours").exists()
    row = run.settle(ready_ward.lib, made)
    assert sorted(pictures_on_disk(request.folder)) == [
        "model/CARD.md", "model/model.toml", "model/weights.safetensors",
    ]  # fmt: skip
    assert row.model_sha256 == read_model_file(request.folder / run.MODEL).sha256 == made.model_sha256
    assert row.state in (State.LEARNED, State.NOT_BETTER)
    assert made.counts["cases"].keys() == {"train", "validation", "calibration"}
    assert set(made.counts["seconds_by_step"]) >= {"prepare", "features", "epochs", "calibrate"}
    training = read_model_file(request.folder / run.MODEL).training
    everybody = marked(ready_ward, ready_ward.women)
    assert set(locked_patients(everybody, training)) == set(request.locked)
    assert not set(seen_patients(everybody, training)) & set(request.locked)
    assert housekeeping.verify(CTX, ready_ward.lib).problems == ()


@slow
def test_a_later_run_with_another_seed_learns_from_nobody_of_the_locked_test(ready_ward: Ward) -> None:
    first, _ = learned(ready_ward)
    second = begun(ready_ward, replace(SETTINGS, seed=5, name="second"))
    run.learn(CTX, second)
    training = read_model_file(second.folder / run.MODEL).training
    everybody = marked(ready_ward, ready_ward.women)
    assert len(seen_patients(everybody, training)) > 10
    assert set(first.locked) == set(second.locked)
    assert not set(seen_patients(everybody, training)) & set(first.locked)


@slow
def test_a_run_killed_after_an_epoch_goes_on_and_comes_to_the_same_model(
    ready_ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, whole = learned(ready_ward)
    shutil.rmtree(request.folder)
    said: list[str] = []

    def kill(_done: float, _total: float, text: str) -> None:
        said.append(text)
        if text.startswith("epoch 3 of"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.learn(CallbackContext(kill, lambda: False), request)
    assert sorted(pictures_on_disk(request.folder)) == [steering.CURVES, steering.STATE]
    losses, trained, planned = steering.curves(ready_ward.lib, request.run_id)
    assert (len(losses), len(trained), planned) == (3, 2, 3)
    found = find_cases(CTX, ready_ward.lib)
    again = run.again(ready_ward.lib, found, (), request.run_id)
    assert [case.pair_id for case in again.cases] == [case.pair_id for case in request.cases]
    made = run.learn(CTX, again)
    assert made.counts["resumed"] == 2
    assert made.model_sha256 == whole.model_sha256


@slow
def test_nothing_of_a_case_is_written_beside_the_library(ready_ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state between epochs holds tensors of the network and losses; no name and no grade of anybody."""
    seen: list[bytes] = []

    def look(_done: float, _total: float, text: str) -> None:
        if text.startswith("epoch 2 of"):
            seen.extend(path.read_bytes() for path in request.folder.rglob("*") if path.is_file())

    request = begun(ready_ward)
    run.learn(CallbackContext(look, lambda: False), request)
    assert len(seen) == 2
    for word in (*ready_ward.women, *ready_ward.pairs, "K-1", "Wunderlich"):
        assert not any(word.encode() in state for state in seen)
    assert all(b"losses" in state for state in seen)


class Stopping:
    """A context that has the run stopped, or is cancelled, once a text begins with `at`."""

    def __init__(self, ward: Ward, at: str, *, leaves: bool = False) -> None:
        self.ward, self.at, self.leaves, self.run_id, self.said = ward, at, leaves, "", [""]

    def __call__(self, _done: float, _total: float, text: str) -> None:
        self.said.append(text)
        if text.startswith(self.at) and not self.leaves:
            steering.stop(self.ward.lib, self.run_id)

    @property
    def ctx(self) -> CallbackContext:
        return CallbackContext(self, lambda: self.leaves and any(one.startswith(self.at) for one in self.said))


@slow
def test_a_stop_keeps_the_best_so_far(ready_ward: Ward) -> None:
    stopping = Stopping(ready_ward, "epoch 2 of")
    request = begun(ready_ward)
    stopping.run_id = request.run_id
    made = run.learn(stopping.ctx, request)
    assert made.stopped
    assert read_model_file(request.folder / run.MODEL).training["epochs"] == 1
    assert run.settle(ready_ward.lib, made).counts["stopped"] is True
    assert not steering.is_stopped(ready_ward.lib, request.run_id)


@slow
def test_a_window_that_closes_decides_nothing_and_the_run_may_go_on_or_end_with_its_best(ready_ward: Ward) -> None:
    request, whole = learned(ready_ward)
    shutil.rmtree(request.folder)
    with pytest.raises(Cancelled):
        run.learn(Stopping(ready_ward, "epoch 2 of", leaves=True).ctx, request)
    assert sorted(pictures_on_disk(request.folder)) == [steering.CURVES, steering.STATE]
    kept = shutil.copytree(request.folder, request.folder.with_name("kept"))
    made = run.learn(CTX, request)
    assert (made.counts["resumed"], made.model_sha256) == (1, whole.model_sha256)
    shutil.rmtree(request.folder)
    kept.rename(request.folder)
    steering.stop(ready_ward.lib, request.run_id)  # pictures are prepared all the same: the calibration needs them
    made = run.learn(CTX, request)
    assert made.stopped
    assert (made.counts["epochs"], made.counts["resumed"]) == (1, 1)


@slow
def test_what_came_of_a_run_waits_for_a_window_that_puts_it_on_record(ready_ward: Ward) -> None:
    request, made = learned(ready_ward)
    assert run.finished(request.folder, request.run_id) == replace(made, left_out=())
    again = run.again(ready_ward.lib, find_cases(CTX, ready_ward.lib), (), request.run_id)
    assert run.learn(CTX, again).model_sha256 == made.model_sha256
    run.settle(ready_ward.lib, made)
    assert run.finished(request.folder, request.run_id) is None


@slow
def test_a_stop_when_all_is_learned_loses_nothing(ready_ward: Ward) -> None:
    request = begun(ready_ward)

    def stops_at_the_end() -> bool:
        if len(steering.curves(ready_ward.lib, request.run_id)[0]) == 4:
            steering.stop(ready_ward.lib, request.run_id)
        return False

    made = run.learn(CallbackContext(lambda *_: None, stops_at_the_end), request)
    assert steering.is_stopped(ready_ward.lib, request.run_id)
    assert not made.stopped
    assert made.counts["epochs"] == 3


def test_a_stop_while_pictures_are_prepared_leaves_no_model(ready_ward: Ward) -> None:
    stopping = Stopping(ready_ward, pictures.TEXT)
    request = begun(ready_ward)
    stopping.run_id = request.run_id
    with pytest.raises(Cancelled):
        run.learn(stopping.ctx, request)
    assert pictures_on_disk(request.folder) == [steering.STOP]
    assert run.unfinished(ready_ward.lib)[0].id == request.run_id
    assert run.give_up(ready_ward.lib, request.run_id, "stopped").state is State.FAILED
    assert run.unfinished(ready_ward.lib) == ()
    assert not request.folder.exists()


def test_two_runs_at_once_are_refused(ready_ward: Ward) -> None:
    request = begun(ready_ward)
    with sole_use(ready_ward.lib.path / steering.FOLDER), pytest.raises(InUseError, match="a model is being learned"):
        run.learn(CTX, request)


@slow
def test_a_full_disk_in_the_middle_is_told_and_the_run_may_go_on(
    ready_ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = begun(ready_ward)
    full = StorageError("could not write: no space left", safe="what stood there before is unchanged")
    with monkeypatch.context() as patch:

        def no_room(*_: object) -> None:
            raise full

        patch.setattr("pfm_desktop.pfm.training.tuning_state.write_bytes", no_room)
        with pytest.raises(StorageError, match="no space left"):
            run.learn(CTX, request)
    assert not (request.folder / run.MODEL).exists()
    assert run.learn(CTX, request).model_sha256


def test_pictures_deleted_since_are_left_out_and_told(ready_ward: Ward) -> None:
    request = begun(ready_ward)
    gone = request.cases[0]
    place = ready_ward.lib.pictures.find(gone.pictures[Source.WHITE])
    assert place is not None
    place.unlink()
    held = pictures.hold(CTX, ready_ward.lib, request.cases, {}, size=64)
    (out,) = held.left_out
    assert (out.pair_id, out.why) == (gone.pair_id, Why.NO_PICTURE)
    assert held.data.cases == [case.pair_id for case in request.cases[1:]]


def test_none_left_is_said(ready_ward: Ward) -> None:
    case = replace(find_cases(CTX, ready_ward.lib).cases[0], pictures={Source.WHITE: "0" * 64})
    with pytest.raises(TooFewError, match="none of the cases"):
        pictures.hold(CTX, ready_ward.lib, [case], {}, size=64)


def test_the_gate_of_the_engine_keeps_pictures_out(ward: Ward, parent: Path) -> None:
    ward.add(Grade.LOW, white=np.zeros((64, 64, 3), np.uint8))
    out = pictures.ready(ward.lib, find_cases(CTX, ward.lib).cases[0])
    assert getattr(out, "why", None) is Why.QUALITY
    assert getattr(out, "detail", "")


def test_more_cases_than_the_memory_holds_are_drawn_by_woman_and_grade() -> None:
    cases = [
        Case(f"{woman}-{visit}", f"w{woman}", GRADES[0 if woman < 17 else 3], Said.MAJORITY, "", {})
        for woman in range(20)
        for visit in range(2)
    ]
    kept, out = pictures.within_memory(cases, {}, most=12, seed=1)
    assert len(kept) == 12
    assert len(out) == 28
    assert {one.why for one in out} == {Why.TOO_MANY}
    women = {case.patient_id for case in kept}
    assert all(sum(case.patient_id == woman for case in kept) == 2 for woman in women), "no woman is cut in two"
    assert {"w17", "w18", "w19"} <= women, "the rare grade stays whole"
    assert pictures.within_memory(cases, {}, most=12, seed=1) == (kept, out)
    assert pictures.within_memory(cases, {}, most=40, seed=1) == (tuple(cases), ())


def test_the_cap_follows_from_the_network(parent: Path) -> None:
    few, many = run.cases_that_fit(parent, 10 * 2**20), run.cases_that_fit(parent, 20 * 2**20)
    assert 0 < few < many <= 2 * few + 1
    assert run.cases_that_fit(parent, 1) == 1


def test_validation_is_drawn_from_the_women_who_learn(ready_ward: Ward) -> None:
    request = begun(ready_ward)
    held = pictures.hold(CTX, ready_ward.lib, request.cases, request.sides.group_of, size=64)
    one, other, *more = (run.split_of(held.data, held.cases, request.sides, seed) for seed in range(6))
    assert one.calibration.tolist() == other.calibration.tolist()
    assert sorted((*one.train, *one.validation)) == sorted((*other.train, *other.validation))
    assert any(one.validation.tolist() != split.validation.tolist() for split in (other, *more)), "drawn by the seed"
    assert set(held.data.grades[one.validation].tolist()) == {0, 1, 2, 3}
    assert not len(one.test)


def test_a_flag_holds_the_job_up_and_cancel_is_heard_meanwhile(tmp_path: Path) -> None:
    flag, said = tmp_path / steering.PAUSE, []
    flag.touch()
    ctx = CallbackContext(lambda _d, _t, text: said.append(text), lambda: False)
    steering.Steered(ctx, tmp_path, rest=flag.unlink).progress(1, 2, "work")
    assert said == ["work", steering.WAITING]
    flag.touch()
    stops = iter([False, True])
    with pytest.raises(steering.LeftError):
        steering.Steered(CallbackContext(lambda *_: None, lambda: next(stops)), tmp_path, rest=lambda: None).check()
    (tmp_path / steering.STOP).touch()
    with pytest.raises(Cancelled):
        steering.Steered(CTX, tmp_path, rest=lambda: None).check()


def test_pausing_is_a_file_that_going_on_takes_away(ready_ward: Ward) -> None:
    request = begun(ready_ward)
    steering.pause(ready_ward.lib, request.run_id)
    assert steering.is_paused(ready_ward.lib, request.run_id)
    steering.pause(ready_ward.lib, request.run_id, on=False)
    steering.pause(ready_ward.lib, request.run_id, on=False)
    assert not steering.is_paused(ready_ward.lib, request.run_id)
    assert steering.curves(ready_ward.lib, request.run_id) == ((), (), 0)


def test_a_disk_that_is_gone_is_said_when_a_run_is_told(ready_ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_self: Path, **_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "mkdir", gone)
    with pytest.raises(StorageError, match="the run cannot be told"):
        steering.stop(ready_ward.lib, "a" * 32)


def test_files_of_a_run_that_are_damaged_say_nothing(ready_ward: Ward) -> None:
    request = begun(ready_ward)
    (request.folder / run.MODEL).mkdir(parents=True)
    for said in (b"", b"[]", b"{", b'{"losses": 1, "planned": "x"}', b'{"model_sha256": "", "stopped": 0}'):
        (request.folder / steering.CURVES).write_bytes(said)
        (request.folder / steering.MADE).write_bytes(said)
        assert steering.curves(ready_ward.lib, request.run_id) == ((), (), 0)
        assert run.finished(request.folder, request.run_id) is None


@slow
def test_phantoms_are_rehearsed_for_a_model_that_learned_from_them(ready_ward: Ward) -> None:
    request = begun(ready_ward, replace(SETTINGS, rehearse=4))
    made = run.learn(CTX, request)
    assert made.counts["rehearsed"] == 4
    training = read_model_file(request.folder / run.MODEL).training
    assert training["rehearsed_cases"] == 4


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[Library]:
    from pfm_desktop.services import accounts

    lib, _ = accounts.make_library(tmp_path / "sealed", "Anna", "five small brown hens")
    from pfm_desktop.domain.people import Role

    account = lib.account
    assert account is not None
    accounts.change(lib, account, roles={Role.ADMINISTRATOR, Role.CLINICIAN})
    yield lib
    lib.close()


@slow
def test_an_encrypted_library_is_learned_from_in_a_process_of_its_own(
    encrypted: Library, parent: Path, comes_true: Callable[..., bool]
) -> None:
    """With the gate of the engine as it is; the library stays open for writing here."""
    from pfm_desktop.imaging.phantom import render

    ward = Ward(encrypted)
    for number in range(20):
        phantom = render(400 + number, grade=GRADES[number % 4], size=160)
        ward.add(GRADES[number % 4], white=phantom.white, fluorescence=False)
    found = find_cases(CTX, encrypted)
    request = run.begin(encrypted, found, (), replace(SETTINGS, enough=5, epochs=1))
    before = {path for path in encrypted.path.rglob("*") if path.is_file()}
    ended: list[Any] = []
    handle = ProcessRunner().start(run.learn, request, listener=ended.append, name="learn")
    assert handle.wait(240)
    assert isinstance(ended[-1], Finished), ended[-1]
    run.settle(encrypted, ended[-1].result)
    new = {path.relative_to(encrypted.path).as_posix() for path in encrypted.path.rglob("*") if path.is_file()} - {
        path.relative_to(encrypted.path).as_posix() for path in before
    }
    at = f"learning/{request.run_id}/model"
    assert {f"{at}/CARD.md", f"{at}/model.toml", f"{at}/weights.safetensors"} <= new
    assert not [name for name in new if not name.startswith(("learning/", "library.sqlite"))]
    assert not encrypted.read_only


def test_who_checks_the_epochs_mostly_does_so_in_the_next_run_too() -> None:
    women = [f"w{number}" for number in range(80)]
    more = women + [f"new{number}" for number in range(20)]
    worst = {woman: number % 4 for number, woman in enumerate(more)}
    first, second = (run._drawn(those, worst, 0) for those in (women, more))
    assert len(first - second) <= len(first) // 3
    assert run._drawn(women, worst, 1) != first
    assert {worst[woman] for woman in first} == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("trained_on", "origin", "drawn"),
    [
        ("phantoms", "", True),
        ("cases of this clinic", "a demonstration model trained on phantoms", True),
        ("cases of this clinic", "", False),
    ],
)
def test_phantoms_are_rehearsed_where_the_model_or_one_before_it_learned_from_them(
    monkeypatch: pytest.MonkeyPatch, trained_on: str, origin: str, drawn: bool
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(
        "pfm_desktop.services.learning.rehearsal.phantoms", lambda _ctx, count, **_: asked.append(count)
    )
    parent = ModelInfo("m", "1", "", (Source.WHITE,), "T0", "token", 64, trained_on=trained_on, origin=origin)
    run._rehearsed(CTX, replace(SETTINGS, rehearse=9), parent, Source.FLUORESCENCE)
    assert asked == ([9] if drawn else [])
