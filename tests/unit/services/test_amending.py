"""A signed report is opened again for a reason, and stays what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.grade import Grade
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import amending, cases, housekeeping, review
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.records import FixedError
from pfm_desktop.storage.removal import StillNeededError
from pfm_desktop.storage.rules import SignedError
from pfm_desktop.support.errors import BadInputError, StorageError, UserError

REPORT = b"%PDF-1.4 as it was signed"


@pytest.fixture
def signed(lib: Library) -> str:
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id).id
    review.set_impression(lib, visit, Grade.LOW)
    review.sign(lib, visit, "Dr. Test", "Read by me")
    return visit


def test_the_original_is_kept_with_its_signature_and_the_visit_is_signed_anew(lib: Library, signed: str) -> None:
    before = cases.visit_case(lib, signed).findings.signature
    amending.amend(lib, signed, "  the wrong\n side ", REPORT)
    case = cases.visit_case(lib, signed)
    assert not case.signed
    (one,) = case.amendments
    assert (one.reason, one.who, one.signature) == ("the wrong side", lib.who, before)
    review.set_impression(lib, signed, Grade.HIGH)
    review.sign(lib, signed, "Dr. Test", "Read by me")
    amending.amend(lib, signed, "once more", REPORT + b" again")
    assert [one.reason for one in cases.visit_case(lib, signed).amendments] == ["the wrong side", "once more"]
    assert amending.original(lib, one) == REPORT
    assert housekeeping.verify(SilentContext(), lib).problems == ()


@pytest.mark.parametrize("reason", ["", "   \n", "x" * 1001])
def test_without_a_reason_it_stays_signed(lib: Library, signed: str, reason: str) -> None:
    with pytest.raises(BadInputError, match="reason"):
        amending.amend(lib, signed, reason, REPORT)
    assert cases.visit_case(lib, signed).signed


def test_what_is_not_signed_is_not_amended(lib: Library, signed: str) -> None:
    amending.amend(lib, signed, "why", REPORT)
    with pytest.raises(BadInputError, match="not signed"):
        amending.amend(lib, signed, "why", REPORT)


def test_no_signature_goes_without_its_report_and_nothing_else_with_it(lib: Library, signed: str) -> None:
    """Whoever writes changes of their own cannot open a visit: the rules ask for the report that was signed."""
    signature = amending.records.snapshot  # what the findings hold now
    with lib.read() as session:
        held = (signature(session, "findings", signed) or {})["signature"]
    opened = Change("findings", signed, {"signature": held}, {"signature": None}, "opened")
    with pytest.raises(SignedError):
        lib.apply(opened)
    forged = {**held, "name": "Dr. Other"}
    fields = {
        "visit_id": signed, "made_at": "2026-03-14T12:00:00+00:00", "who": lib.who, "reason": "x",
        "signature": forged, "impression": "low", "report_sha256": "0" * 64,
    }  # fmt: skip
    with pytest.raises(UserError, match="not the signature of the visit"):
        lib.apply_all((Change("amendment", "a" * 32, None, fields, "forged"), opened))
    more = Change(
        "findings", signed, {"signature": held, "impression": "low"}, {"signature": None, "impression": "high"}, "more"
    )
    with pytest.raises(SignedError):
        lib.apply_all((Change("amendment", "a" * 32, None, {**fields, "signature": held}, "kept"), more))
    assert cases.visit_case(lib, signed).signed
    assert cases.visit_case(lib, signed).amendments == ()


def test_what_was_amended_is_never_changed_or_taken_away(lib: Library, signed: str) -> None:
    amending.amend(lib, signed, "why", REPORT)
    (one,) = cases.visit_case(lib, signed).amendments
    with pytest.raises(FixedError):
        lib.apply(Change("amendment", one.id, {"reason": "why"}, {"reason": "because"}, "changed"))
    with lib.read() as session:
        visit = amending.records.snapshot(session, "visit", signed)
    with pytest.raises(StillNeededError, match="reports that were signed"):
        lib.apply(Change("visit", signed, visit, None, "removed"))


def test_a_report_that_is_gone_or_damaged_is_said(lib: Library, signed: str) -> None:
    amending.amend(lib, signed, "why", REPORT)
    (one,) = cases.visit_case(lib, signed).amendments
    path: Path | None = lib.pictures.find(one.report_sha256)
    assert path is not None
    path.write_bytes(b"something else")
    with pytest.raises(StorageError):
        amending.original(lib, one)
    assert any("signed report" in problem for problem in housekeeping.verify(SilentContext(), lib).problems)
