"""What is missing, altered, too much or forbidden is said; the model in use stays, nothing half-written is a model."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
import tempfile
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.learning import Case, Found, Part, Said, State, Why, counts_by, sides_of
from pfm_desktop.domain.people import Role
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.phantom import render
from pfm_desktop.jobs import Event, Failed, ProcessRunner, Progress
from pfm_desktop.pfm.training.split import TooFewError
from pfm_desktop.services import accounts
from pfm_desktop.services.learning import pictures, records, run
from pfm_desktop.services.learning.cases import find_cases, missing_women
from pfm_desktop.services.learning.women import groups_of
from pfm_desktop.services.sole_use import InUseError, sole_use
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage.access import NotAllowedError
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import ModelError, StorageError
from pfm_desktop.support.paths import user_models_dir
from pfm_desktop.support.settings import load_settings

from .conftest import CTX, Ward
from .test_run import SETTINGS, begun

pytestmark = pytest.mark.slow

slow = pytest.mark.slow


def nothing_began(lib: Library) -> bool:
    with lib.read() as session:
        return not stored.parts(session) and not stored.runs(session)


def cases_of(women: int, *, each: int = 1) -> tuple[Case, ...]:
    """Records only: four of five are normal, cancer is one in a hundred."""
    grades = [GRADES[3] if woman % 100 == 0 else GRADES[max(0, woman % 15 - 12)] for woman in range(women)]
    return tuple(
        Case(f"{woman}/{visit}", f"w{woman}", grades[woman], Said.MAJORITY, "", {Source.WHITE: f"{woman}/{visit}"})
        for woman in range(women)
        for visit in range(each)
    )


@pytest.mark.parametrize("what", ["one grade missing", "one woman", "three cases", "nothing"])
def test_too_little_to_learn_from_is_said_by_grade_and_nothing_begins(ward: Ward, parent: Path, what: str) -> None:
    if what == "one grade missing":
        for number in range(18):
            ward.add((Grade.NORMAL, Grade.LOW, Grade.HIGH)[number % 3])
    elif what == "one woman":
        for number in range(12):
            ward.add(GRADES[number % 4], woman=ward.women[0] if ward.women else "")
    elif what == "three cases":
        for grade in GRADES[:3]:
            ward.add(grade)
    wanted = {
        "one grade missing": r"missing: cancer 4 more \(has 0\)",
        "one woman": r"normal 4 more \(has 0\), low 4 more \(has 0\), high 4 more \(has 0\), cancer 3 more \(has 1\)",
        "three cases": r"normal 3 more \(has 1\), .*cancer 4 more \(has 0\)",
        "nothing": r"normal 4 more \(has 0\), .*cancer 4 more \(has 0\)",
    }[what]
    with pytest.raises(TooFewError, match=wanted):
        begun(ward)
    assert nothing_began(ward.lib)


def test_a_library_that_is_only_read_begins_nothing_and_says_why(ready_ward: Ward) -> None:
    with Library.open(ready_ward.lib.path) as reader:  # the first has it
        assert reader.read_only
        found = find_cases(CTX, reader)
        with pytest.raises(StorageError):
            run.begin(reader, found, groups_of(CTX, reader, found.cases).groups, SETTINGS)
        assert records.all_runs(reader) == ()
    assert nothing_began(ready_ward.lib)


def test_who_is_not_allowed_begins_nothing(tmp_path: Path, parent: Path) -> None:
    lib, _ = accounts.make_library(tmp_path / "sealed", "Anna", "five small brown hens")
    with lib:
        found = Found(cases_of(400))
        lib.account = replace(lib.account, roles=frozenset({Role.ANNOTATOR}))  # type: ignore[type-var]
        with pytest.raises(NotAllowedError):
            run.begin(lib, found, (), replace(SETTINGS, enough=1))
        assert nothing_began(lib)


def test_twenty_thousand_cases_are_counted_split_and_drawn_in_bounded_memory() -> None:
    cases = cases_of(10_000, each=2)
    found = Found(cases)
    tracemalloc.start()
    try:
        assert sum(count.cases for count in counts_by(cases, "grade").values()) == 20_000
        assert missing_women(cases) == {}
        sides = sides_of(found, (), {}, shares=run.SHARES, seed="x")
        kept, out = pictures.within_memory(cases, {}, most=1500, seed=0)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 64 * 2**20
    assert len(kept) == 1500
    assert {one.why for one in out} == {Why.TOO_MANY}
    assert sum(case.grade is Grade.CANCER for case in kept) == 200, "the rare grade stays whole"
    share = [list(sides.part_of.values()).count(part) / 10_000 for part in Part]
    assert share == pytest.approx([run.SHARES[part] for part in Part], abs=0.002)


def test_pictures_altered_since_they_were_labelled_are_left_out_and_told(ready_ward: Ward) -> None:
    request = begun(ready_ward)
    hit, cut = request.cases[0], request.cases[1]
    for case, change in ((hit, lambda data: data[:-9] + b"x" * 9), (cut, lambda data: data[:40])):
        place = ready_ward.lib.pictures.find(case.pictures[Source.WHITE])
        assert place is not None
        place.write_bytes(change(place.read_bytes()))
    held = pictures.hold(CTX, ready_ward.lib, request.cases, {}, size=64)
    assert [(one.pair_id, one.why) for one in held.left_out] == [(one.pair_id, Why.NO_PICTURE) for one in (hit, cut)]
    assert held.data.cases == [case.pair_id for case in request.cases[2:]]


def weigh_anew(folder: Path) -> None:
    """A sound model of the same name with other weights."""
    import torch

    from pfm_desktop.pfm.checkpoint import load_model, save_model

    model = load_model(folder)
    with torch.no_grad():
        next(model.net.parameters()).add_(0.01)
    shutil.rmtree(folder)
    save_model(
        folder, model.net, name="parent", version="2", calibration=model.calibration, normalisation=model.normalisation
    )


@pytest.mark.parametrize("how", ["altered", "another version", "gone"])
def test_a_parent_that_is_not_what_the_run_began_with_is_said_and_no_model_is_there(
    ready_ward: Ward, parent: Path, how: str
) -> None:
    request = begun(ready_ward)
    before = load_settings().model
    if how == "altered":
        weights = parent / "weights.safetensors"
        data = bytearray(weights.read_bytes())
        data[-5] ^= 1
        weights.write_bytes(data)
    elif how == "another version":
        weigh_anew(parent)
    else:
        shutil.rmtree(parent)
    with pytest.raises(ModelError) as said:
        run.learn(CTX, request)
    assert how != "another version" or "no longer the model that this run began with" in said.value.what
    assert not (request.folder / run.MODEL).exists()
    assert (load_settings().model, records.all_runs(ready_ward.lib)[0].state) == (before, State.RUNNING)


def test_of_two_that_were_begun_one_learns_and_the_other_is_told_to_wait(ready_ward: Ward) -> None:
    first, second = begun(ready_ward), begun(ready_ward, replace(SETTINGS, name="second"))
    with sole_use(first.folder.parent), pytest.raises(InUseError, match="a model is being learned"):
        run.learn(CTX, second)
    assert {one.state for one in records.all_runs(ready_ward.lib)} == {State.RUNNING}
    assert not second.folder.exists()
    assert run.give_up(ready_ward.lib, second.run_id, "another one is learned").state is State.FAILED
    assert [one.id for one in run.unfinished(ready_ward.lib)] == [first.run_id]


@slow
def test_a_full_disk_at_each_write_is_said_leaves_no_model_and_the_run_may_go_on(
    ready_ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = begun(ready_ward)
    whole = run.learn(CTX, request).model_sha256
    shutil.rmtree(request.folder)
    make = tempfile.mkstemp
    names = ["curves.json", "tuning.safetensors", "weights.safetensors", "model.toml", "CARD.md", "made.json"]
    met: list[str] = []

    def full(*args: Any, prefix: str = "", **options: Any) -> Any:
        if prefix.strip(".") in names:
            met.append(prefix.strip("."))
            names.remove(met[-1])
            raise OSError(errno.ENOSPC, "No space left on device")
        return make(*args, prefix=prefix, **options)

    monkeypatch.setattr("pfm_desktop.support.files.tempfile.mkstemp", full)
    for _ in range(6):
        with pytest.raises(StorageError, match=r"space|full"):
            run.learn(CTX, request)
        assert run.finished(request.folder, request.run_id) is None
        assert not (user_models_dir() / "ours").exists()
        assert records.all_runs(ready_ward.lib)[0].state is State.RUNNING
    assert sorted(met) == sorted({*met})
    assert names == []
    assert run.learn(CTX, request).model_sha256 == whole


@slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
def test_a_process_killed_in_the_middle_of_an_epoch_is_told_and_goes_on_to_the_same_model(
    ward: Ward, parent: Path
) -> None:
    """The gate of the engine as it is, on phantoms: the process does not know what is patched here."""
    for number in range(20):
        phantom = render(400 + number, grade=GRADES[number % 4], size=160)
        ward.add(GRADES[number % 4], white=phantom.white, fluorescence=False)
    request = run.begin(ward.lib, find_cases(CTX, ward.lib), (), SETTINGS)
    whole = run.learn(CTX, request).model_sha256
    shutil.rmtree(request.folder)
    heard: list[Event] = []

    def listen(event: Event) -> None:
        heard.append(event)
        if isinstance(event, Progress) and event.text.startswith("epoch 2 of"):
            (process,) = [one for one in multiprocessing.active_children() if one.name == "learn"]
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)

    assert ProcessRunner().start(run.learn, request, listener=listen, name="learn").wait(240)
    assert isinstance(heard[-1], Failed), heard[-1]
    assert not (request.folder / run.MODEL / "model.toml").exists()
    assert [one.state for one in records.all_runs(ward.lib)] == [State.RUNNING]
    made = run.learn(CTX, run.again(ward.lib, find_cases(CTX, ward.lib), (), request.run_id))
    assert made.counts["resumed"] >= 1
    assert made.model_sha256 == whole
