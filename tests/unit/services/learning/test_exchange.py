"""A model goes to another clinic as one signed file, and nothing of any woman goes with it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pfm_desktop.pfm.model_file import CARD, MODEL, WEIGHTS, read_model_file, write_model_file
from pfm_desktop.pfm.training.seen import KEY, LOCKED, marks_of
from pfm_desktop.services import audit_key, cases, models
from pfm_desktop.services.learning import exchange
from pfm_desktop.services.learning.exchange import open_file, receive, send
from pfm_desktop.services.learning.patient_data import PatientDataError, check
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, ModelError
from pfm_desktop.support.paths import user_models_dir

from .conftest import CTX

pytestmark = pytest.mark.slow


@pytest.fixture
def ours(tmp_path: Path, make_model: Callable[..., Path]) -> Path:
    """A model that knows women and says how it was made."""
    folder = make_model(tmp_path / "ours", name="ours", training={
        KEY: marks_of(["K-1", "K-2"]), LOCKED: marks_of(["K-3"], key=LOCKED), "seed": 3,
        "command": "pfm finetune /home/clinic/women/manifest.csv",
    })  # fmt: skip
    (folder / CARD).write_text("# ours 1\n\nOf cases of a clinic.\n\n## How to make it again\n\n/home/clinic/x\n")
    (folder / "left_out.csv").write_text("case,reason\nK-1,blurred\n")
    return folder


@pytest.fixture
def sent(lib: Library, ours: Path, tmp_path: Path) -> exchange.Sent:
    return send(CTX, lib, str(ours), tmp_path / "out" / "ours.pfm-model")


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in (WEIGHTS, MODEL, CARD)}


def test_a_model_goes_out_and_comes_in_the_same(sent: exchange.Sent, ours: Path, tmp_path: Path) -> None:
    opened = open_file(sent.path)
    assert (opened.name, opened.version, opened.fingerprint) == ("ours", "1", sent.fingerprint)
    brought = receive(CTX, sent.path, tmp_path / "work", fingerprint=sent.fingerprint, name="theirs")
    assert brought.path == user_models_dir() / "theirs"
    assert models.verify("theirs").sha256 == read_model_file(ours).sha256
    assert not brought.unsealed
    assert not (tmp_path / "work").exists()


def test_nothing_of_a_woman_and_no_path_goes_along(sent: exchange.Sent) -> None:
    with zipfile.ZipFile(sent.path) as archive:
        assert sorted(archive.namelist()) == sorted([WEIGHTS, MODEL, CARD, exchange.SIGNATURE])
        text = b"".join(archive.read(name) for name in (MODEL, CARD, exchange.SIGNATURE))
    for word in (KEY, LOCKED, "/home", "manifest", "blurred", "K-1", "How to make it again"):
        assert word.encode() not in text
    assert b"seed = 3" in text


def test_the_export_goes_on_record_with_the_fingerprint(lib: Library, sent: exchange.Sent) -> None:
    with lib.read() as session:
        line = journal.last(session, what="export", key=lib.id)
    assert line is not None
    assert line.text == "Model passed on, signed: ours 1"
    assert (line.new or {})["fingerprint"] == sent.fingerprint == audit_key.library_fingerprint(lib)
    assert not (lib.path / "learning" / ".sending").exists()


def test_the_shipped_model_may_be_passed_on(lib: Library, tmp_path: Path) -> None:
    made = send(CTX, lib, "pfm-demo", tmp_path / "demo.pfm-model")
    assert open_file(made.path).name == "pfm-demo"


def test_a_model_that_was_altered_is_not_sent(lib: Library, ours: Path, tmp_path: Path) -> None:
    with (ours / WEIGHTS).open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ModelError):
        send(CTX, lib, str(ours), tmp_path / "x.pfm-model")
    assert not (tmp_path / "x.pfm-model").exists()


def test_a_card_that_names_a_woman_is_not_sent(lib: Library, ours: Path, tmp_path: Path) -> None:
    cases.add_patient(lib, identifier="K-4711", family_name="Wunderlich")
    for said in ("worst on K-4711", "the case of Wunderlich"):
        (ours / CARD).write_text(f"# ours 1\n\n{said}\n")
        with pytest.raises(PatientDataError, match="names a woman"):
            send(CTX, lib, str(ours), tmp_path / "x.pfm-model")


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("see /home/clinic/pictures/ for more", "names a file or folder"),
        (r"see C:\clinic\women", "names a file or folder"),
        ("as in case_7.png", "names a file or folder"),
        ("![a](x)", "picture"),
        ("<img src=x>", "picture"),
    ],
)
def test_paths_and_pictures_in_a_card_are_refused(ours: Path, said: str, problem: str) -> None:
    with pytest.raises(PatientDataError, match=problem):
        check({**contents(ours), MODEL: clean(ours), CARD: said.encode()})


def clean(folder: Path) -> bytes:
    """Its `model.toml` without marks and command."""
    content = read_model_file(folder)
    write_model_file(folder, replace(content, training={"seed": 3}))
    return (folder / MODEL).read_bytes()


@pytest.mark.parametrize(
    ("training", "problem"),
    [
        ({KEY: marks_of(["a"])}, "marks of women"),
        ({LOCKED: marks_of(["a"])}, "marks of women"),
        ({"per_case": [0.5] * 2000}, "list of 2000"),
        ({"cases": "QUJD" * 40}, "nobody can read"),
        ({"note": "x " * 300}, "nobody can read"),
    ],
)
def test_per_case_values_and_packed_data_are_refused(ours: Path, training: dict[str, object], problem: str) -> None:
    write_model_file(ours, replace(read_model_file(ours), training=training))
    with pytest.raises(PatientDataError, match=problem):
        check({**contents(ours), CARD: b""})


def test_what_hides_in_the_weights_is_found(ours: Path) -> None:
    whole = {**contents(ours), MODEL: clean(ours), CARD: b""}
    check(whole)
    with pytest.raises(PatientDataError, match="behind the weights"):
        check({**whole, WEIGHTS: whole[WEIGHTS] + b"name"})
    length = int.from_bytes(whole[WEIGHTS][:8], "little")
    head = json.loads(whole[WEIGHTS][8 : 8 + length])
    told = json.dumps({**head, "__metadata__": {"women": "K-1"}}).encode()
    with pytest.raises(PatientDataError, match="carries more than weights"):
        check({**whole, WEIGHTS: len(told).to_bytes(8, "little") + told + whole[WEIGHTS][8 + length :]})
    with pytest.raises(PatientDataError, match="cannot be read"):
        check({**whole, WEIGHTS: b"no weights"})


def test_an_unknown_file_is_refused(ours: Path) -> None:
    with pytest.raises(PatientDataError, match=r"unknown file in it, left_out\.csv"):
        check({**contents(ours), MODEL: clean(ours), "left_out.csv": b"x"})


def rewritten(file: Path, **changes: bytes) -> Path:
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts |= changes
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return file


@pytest.mark.parametrize("part", [WEIGHTS, MODEL, CARD])
def test_a_file_that_was_changed_on_the_way_is_refused(sent: exchange.Sent, part: str) -> None:
    with pytest.raises(BadInputError, match="not what was signed"):
        open_file(rewritten(sent.path, **{part: b"other"}))


def test_another_signature_another_file_and_no_file_are_refused(sent: exchange.Sent, tmp_path: Path) -> None:
    data = sent.path.read_bytes()
    with zipfile.ZipFile(sent.path) as archive:
        said = json.loads(archive.read(exchange.SIGNATURE))
    forged = json.dumps({**said, "signature": "00" * 64}).encode()
    with pytest.raises(BadInputError, match="signature does not fit"):
        open_file(rewritten(sent.path, **{exchange.SIGNATURE: forged}))
    with pytest.raises(BadInputError, match="cannot be read"):
        open_file(rewritten(sent.path, **{exchange.SIGNATURE: b"[]"}))
    with pytest.raises(BadInputError, match="exactly a model"):
        open_file(rewritten(sent.path, extra=b"x"))
    for content in (b"", b"PK", data[: len(data) // 2]):
        (tmp_path / "cut").write_bytes(content)
        with pytest.raises(BadInputError, match="damaged"):
            open_file(tmp_path / "cut")


def test_a_file_of_somebody_else_is_told_by_its_fingerprint(sent: exchange.Sent, tmp_path: Path) -> None:
    other = audit_key.fingerprint_of(b"another key")
    with pytest.raises(BadInputError, match="this is not the fingerprint of its key") as refused:
        receive(CTX, sent.path, tmp_path / "work", fingerprint=other, name="theirs")
    assert sent.fingerprint.split()[0] not in refused.value.sentences, "it would be copied, and compared with nothing"
    assert not (user_models_dir() / "theirs").exists()
    assert not (tmp_path / "work").exists()


def test_a_place_in_the_library_is_refused(lib: Library, ours: Path) -> None:
    with pytest.raises(BadInputError, match="lies in the folder of the library"):
        send(CTX, lib, str(ours), lib.path / "x.pfm-model")


def test_what_was_this_clinic_is_another_one_where_the_model_comes_in(lib: Library, ours: Path, tmp_path: Path) -> None:
    write_model_file(ours, replace(read_model_file(ours), trained_on="cases of this clinic"))
    (ours / CARD).write_text("# ours 1\n\nLocal model, trained on cases of this clinic.\n")
    sent = send(CTX, lib, str(ours), tmp_path / "out" / "theirs.pfm-model")
    receive(CTX, sent.path, tmp_path / "work", fingerprint=sent.fingerprint, name="theirs")
    content = read_model_file(user_models_dir() / "theirs")
    assert content.trained_on == "cases of another clinic"
    assert "another clinic" in (user_models_dir() / "theirs" / CARD).read_text()
    assert "this clinic" not in (user_models_dir() / "theirs" / CARD).read_text()
