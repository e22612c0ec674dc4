"""A model recognises the women of its library, and tells nobody else who they are."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from pfm_desktop.pfm import model_file
from pfm_desktop.pfm.training.seen import KEY, marks_of, seen_patients
from pfm_desktop.services.learning import marks, run, steering
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage.library import Library

from .conftest import Ward


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """By folder, the training table of the model that is said to lie there."""
    tables: dict[str, dict[str, str]] = {}
    monkeypatch.setattr(model_file, "read_model_file", lambda folder: SimpleNamespace(training=tables[folder.name]))
    return tables


def test_identifiers_cannot_be_tried_out_on_a_model(ready_ward: Ward) -> None:
    names = marks.names_of(ready_ward.lib, ready_ward.women)
    table = {KEY: marks_of(name for those in names.values() for name in those)}
    assert len(seen_patients([name for those in names.values() for name in those], table)) == len(ready_ward.women)
    assert seen_patients([f"K-{number}" for number in range(9_999)], table) == ()


def test_another_library_marks_the_same_women_otherwise(ready_ward: Ward, tmp_path: Path) -> None:
    first = marks.names_of(ready_ward.lib, ready_ward.women[:1])
    assert marks.names_of(ready_ward.lib, ready_ward.women[:1]) == first, "and always the same"
    with Library.create(tmp_path / "other") as other:
        ward = Ward(other)
        from pfm_desktop.domain.grade import Grade

        ward.add(Grade.LOW)
        assert set(marks.names_of(other, ward.women).values()) != set(first.values())


def test_who_was_learned_from_is_known_by_keyed_marks_and_by_plain_ones_of_lists_of_files(
    ready_ward: Ward, trained: dict[str, dict[str, str]]
) -> None:
    one, other, third = ready_ward.women[:3]
    (own,) = marks.names_of(ready_ward.lib, [one])[one]
    trained["ours"] = {KEY: marks_of([own])}
    trained["listed"] = {KEY: marks_of(["K-1"])}
    folders = [Path("ours"), Path("listed")]
    assert marks.learned_from(ready_ward.lib, [one, other, third], folders) == {one, other}
    assert marks.learned_from(ready_ward.lib, [third], folders) == frozenset()


def test_a_run_that_was_stopped_is_given_up_only_where_nothing_was_learned(ready_ward: Ward) -> None:
    from .test_run import begun

    lib, run_id = ready_ward.lib, begun(ready_ward).run_id
    assert run.give_up_if_stopped(lib, run_id, "stopped") is None, "nobody stopped it: the window closed"
    steering.stop(lib, run_id)
    kept = steering.run_folder(lib.path, run_id) / steering.STATE
    kept.write_bytes(b"weights of five epochs")
    assert run.give_up_if_stopped(lib, run_id, "stopped") is None
    assert kept.exists(), "the closing window came before its best was calibrated: it may go on, or end with that"
    with lib.read() as session:
        assert [one.state.value for one in stored.runs(session)] == ["running"]
    kept.unlink()
    made = run.give_up_if_stopped(lib, run_id, "stopped")
    assert made is not None
    assert made.counts["ended"] == "stopped"
