"""Nothing of a woman leaves within a model, and a model that the program wrote leaves whatever women are called."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from pfm_desktop.pfm.model_file import CARD, MODEL, WEIGHTS, read_model_file, write_model_file
from pfm_desktop.pfm.training.devices import Matched
from pfm_desktop.services import cases
from pfm_desktop.services.learning import run
from pfm_desktop.services.learning.cases import find_cases
from pfm_desktop.services.learning.comparing import look
from pfm_desktop.services.learning.exchange import open_file, send
from pfm_desktop.services.learning.own_words import is_table, most_in_list, own_texts, without_own
from pfm_desktop.services.learning.patient_data import PatientDataError, check
from pfm_desktop.services.learning.women import groups_of
from pfm_desktop.storage.library import Library
from pfm_desktop.support.settings import load_settings, save_settings

from .conftest import CTX, Ward

pytestmark = pytest.mark.slow

COMMON = (
    "Model", "May", "White", "Case", "Cases", "High", "An", "In", "Of", "The", "Green", "Test", "Light", "Normal",
    "Low", "Cancer", "Demo", "Network", "Grade", "Young", "Best", "Epoch", "Kappa", "Data", "Limits", "Figures",
    "Women", "Locked", "Library", "Never", "Interval", "It", "Time", "This", "Token", "Class", "Map", "Phantoms",
    "Clinic", "On", "Local", "Trained", "Set",
)  # fmt: skip


def call(lib: Library, *names: str) -> None:
    for number, name in enumerate(names):
        cases.add_patient(lib, identifier=f"N-{100 + number}", family_name=name, given_name=name)


@pytest.fixture
def ours(tmp_path: Path, make_model: Callable[..., Path]) -> Path:
    folder = make_model(tmp_path / "ours", name="ours", training={"seed": 3})
    (folder / CARD).write_text("# ours 1\n")
    return folder


@pytest.fixture
def women(lib: Library) -> Library:
    li = cases.add_patient(lib, identifier="PX-4703", family_name="Li", given_name="Xiaoming")
    cases.add_visit(lib, li.id, started_at=datetime(2026, 3, 4, 12, 0, tzinfo=UTC))
    call(lib, "van der Velden", "Zwetschke", "May")
    return lib


SAID = ["cases of Xiaoming Li", "cases of van der Velden", "Zwetschke3-cases", "PX-4703b", "seen on 2026-03-04"]


@pytest.mark.parametrize("said", SAID)
def test_what_names_a_woman_is_not_passed_on_wherever_it_stands(
    women: Library, ours: Path, tmp_path: Path, said: str
) -> None:
    out = tmp_path / "x.pfm-model"
    content = read_model_file(ours)
    for changed in (
        replace(content, trained_on=said),
        replace(content, training={"seed": 3, "note": said}),
        replace(content, training={"seed": 3, said: 0.5}),
        replace(content, training={"seed": 3, "grades": {said: 1}}),
    ):
        write_model_file(ours, changed)
        with pytest.raises(PatientDataError, match="of this library"):
            send(CTX, women, str(ours), out)
    write_model_file(ours, content)
    (ours / CARD).write_text(f"# ours 1\n\n{said}\n")
    with pytest.raises(PatientDataError, match=r"CARD\.md names a"):
        send(CTX, women, str(ours), out)
    assert not out.exists()


def test_a_common_word_that_is_a_name_is_said_with_what_to_do(women: Library, ours: Path, tmp_path: Path) -> None:
    (ours / CARD).write_text("# ours 1\n\nOf cases that may differ.\n")
    with pytest.raises(PatientDataError, match="'may' is a name of hers") as refused:
        send(CTX, women, str(ours), tmp_path / "x.pfm-model")
    assert "write that sentence of the model's CARD.md without it" in refused.value.remedy
    (ours / CARD).write_text("# ours 1\n\nOf cases that differ.\n")
    send(CTX, women, str(ours), tmp_path / "x.pfm-model")


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"training": {"scores": [0.5] * 76}}, "training, scores is a list of 76"),
        ({"training": {"ages": [31]}}, "training, ages is a list of 1"),
        ({"training": {"cases": {"train": [1, 2]}}}, "training, cases, train is a list of 2"),
        ({"training": {"by_case": {"a": 0.1}}}, "training, by_case is a table that no model"),
        ({"training": {f"s{number}": 0.5 for number in range(24)}}, "training has 24 entries"),
        ({"figures": {"scores": [0.5] * 24}}, "figures, scores is a list of 24"),
        ({"figures": {"combinations": {"both": {"confusion": [[1] * 76]}}}}, "confusion is a list of lists"),
        ({"figures": {"combinations": {"K-1": {"cases": 1}}}}, "combinations, K-1 is a table that no model"),
        ({"figures": {"combinations": {"both": {"confusion": [[1] * 4] * 5}}}}, "confusion is a list of 5"),
        ({"training": {"note": " ".join(["0.5"] * 24)}}, "list of 24 numbers in"),
    ],
)
def test_lists_and_tables_that_no_model_has_are_refused_by_name(
    ours: Path, table: dict[str, Any], problem: str
) -> None:
    content = read_model_file(ours)
    write_model_file(ours, replace(content, **table))
    parts = {name: (ours / name).read_bytes() for name in (WEIGHTS, MODEL)}
    with pytest.raises(PatientDataError, match=problem):
        check(parts)


@pytest.mark.parametrize("table", ["scores", "normalisation.K1"])
def test_a_table_beside_the_known_ones_is_refused(ours: Path, table: str) -> None:
    whole = tomllib.loads((ours / MODEL).read_text())
    at = whole
    for part in table.split("."):
        at = at.setdefault(part, {})
    parts = {WEIGHTS: (ours / WEIGHTS).read_bytes(), MODEL: tomli_w.dumps(whole).encode()}
    with pytest.raises(PatientDataError, match="is a table that no model of this program has"):
        check(parts)


@pytest.mark.parametrize("between", [" ", ", ", "\n- ", " | ", " " * 50, "\n1. "])
def test_a_row_of_numbers_in_a_card_is_refused(ours: Path, between: str) -> None:
    parts = {name: (ours / name).read_bytes() for name in (WEIGHTS, MODEL)}
    check({**parts, CARD: between.join(["0.25"] * 8).encode()})
    with pytest.raises(PatientDataError, match=r"numbers in CARD\.md"):
        check({**parts, CARD: ("scores: " + between.join(["0.25"] * 24)).encode()})


def test_the_model_that_came_with_the_program_goes_out_whatever_women_are_called(lib: Library, tmp_path: Path) -> None:
    call(lib, *COMMON)
    assert open_file(send(CTX, lib, "pfm-demo", tmp_path / "demo.pfm-model").path).name == "pfm-demo"


@pytest.mark.slow
def test_a_model_that_was_learned_here_goes_out_before_and_after_it_was_compared(
    ready_ward: Ward, tmp_path: Path
) -> None:
    lib = ready_ward.lib
    found = find_cases(CTX, lib)
    groups = groups_of(CTX, lib, found.cases).groups
    settings = run.Settings("mine-1", parent="parent", epochs=1, rehearse=0, enough=4)
    request = run.begin(lib, found, groups, settings)
    learned = run.learn(CTX, request)
    run.settle(lib, learned)
    call(lib, *COMMON)
    folder = request.folder / run.MODEL
    first = open_file(send(CTX, lib, str(folder), tmp_path / "a.pfm-model").path).contents[CARD].decode()
    assert f"{request.locked_women} women are locked away as the test of the library" in first
    save_settings(replace(load_settings(), model="parent"))  # with which it is compared
    look(CTX, lib, request.run_id, found, groups)
    second = open_file(send(CTX, lib, str(folder), tmp_path / "b.pfm-model").path).contents[CARD].decode()
    assert "On the locked test of the library" in second
    assert "No test cases" not in first + second
    cases.add_patient(lib, identifier="N-1", family_name="Mine")
    with pytest.raises(PatientDataError, match="model, name names a woman"):
        send(CTX, lib, str(folder), tmp_path / "c.pfm-model")


def test_what_the_program_writes_is_known_by_name() -> None:
    assert most_in_list("calibration.alone_white.offsets") == 4
    assert most_in_list("figures.parent.combinations.both.accuracy.interval") == 2
    assert most_in_list("calibration.K-1.offsets") == most_in_list("training.offsets") == 0
    assert is_table("")
    assert is_table("training.cases")
    assert not is_table("training.patients")


def test_own_sentences_are_left_out_and_others_stay(ours: Path) -> None:
    own = own_texts(read_model_file(ours), "May it be so.")
    assert without_own("May it be so. The case of May.", own).split() == ["The", "case", "of", "May."]
    assert without_own("## Intended use\n\nFine-tuned from Li 1", own).split() == ["Li", "1"]
    assert without_own("white light of Li, `" + "0" * 64 + "`", own).split() == ["of", "Li,", "`", "`"]


def test_a_model_that_knows_several_devices_goes_out_and_no_list_of_another_length(
    lib: Library, tmp_path: Path, make_model: Callable[..., Path]
) -> None:
    folder = make_model(tmp_path / "ours", name="ours", training={"seed": 3})
    content = read_model_file(folder)
    device = {"covariance": [0.01] * 9, "about": [0.5] * 6, "spread": [0.01] * 36, "cases": 40}
    white = {**content.normalisation["white"], "devices": [device, device]}
    colours = {"cases": 94, "before": 1.1, "after": 0.7}
    said = Matched(("white", "fluorescence"), **colours).notes()[0]  # type: ignore[arg-type]
    write_model_file(
        folder,
        replace(
            content,
            normalisation={**content.normalisation, "white": white},
            training={"seed": 3, "colours": colours},
        ),
    )
    (folder / CARD).write_text(f"# ours 1\n\n{said[0].upper()}{said[1:]}.\n")
    call(lib, *COMMON, "Colours", "Before", "Pictures", "Learn", "Loss", "Mean", "Log")
    assert open_file(send(CTX, lib, str(folder), tmp_path / "a.pfm-model").path).name == "ours"
    parts = {name: (folder / name).read_bytes() for name in (WEIGHTS, MODEL)}
    more = {**device, "cases_of": [0.1] * 9}
    table = tomllib.loads(parts[MODEL].decode())
    table["normalisation"]["white"]["devices"] = [device, more]
    with pytest.raises(PatientDataError, match="cases_of is a list of 9"):
        check({**parts, MODEL: tomli_w.dumps(table).encode()})
