from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pfm_desktop.domain.case import Picture
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Stage
from pfm_desktop.services import cases, pairing, review
from pfm_desktop.storage import rules
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.rules import SignedError
from pfm_desktop.support.errors import BadInputError

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.fixture
def visit(lib: Library) -> str:
    return cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id, started_at=NOON).id


def put(lib: Library, visit: str, stage: Stage, seconds: float) -> str:
    """A picture record without pixels: pairing never looks at them."""
    key = cases.new_id()
    fields = {
        "visit_id": visit,
        "sha256": "0" * 64,
        "stage": stage.value,
        "taken_at": (NOON + timedelta(seconds=seconds)).isoformat(),
        "width": 8,
        "height": 8,
        "seconds_since_acid": None,
        "mm_per_px": None,
        "device": "",
        "original_name": "",
    }
    lib.apply(Change("picture", key, None, fields, "Picture added"))
    return key


def suggested(lib: Library, visit: str) -> tuple[str | None, str | None]:
    white, lit = pairing.suggest(cases.visit_case(lib, visit).pictures)
    return (white.id if white else None), (lit.id if lit else None)


def test_after_acid_comes_before_saline_and_the_closest_in_time_wins(lib: Library, visit: str) -> None:
    put(lib, visit, Stage.SALINE, 0)
    put(lib, visit, Stage.FLUORESCENCE_BEFORE_ACID, 1)
    put(lib, visit, Stage.ACETIC_ACID, 60)
    put(lib, visit, Stage.FLUORESCENCE_AFTER_ACID, 64)
    white = put(lib, visit, Stage.ACETIC_ACID, 120)
    lit = put(lib, visit, Stage.FLUORESCENCE_AFTER_ACID, 120.6)
    put(lib, visit, Stage.LUGOL, 120.6)
    assert suggested(lib, visit) == (white, lit)


def test_of_two_equally_close_pairs_the_later_one_wins(lib: Library, visit: str) -> None:
    put(lib, visit, Stage.ACETIC_ACID, 60)
    put(lib, visit, Stage.FLUORESCENCE_AFTER_ACID, 61)
    white = put(lib, visit, Stage.ACETIC_ACID, 120)
    lit = put(lib, visit, Stage.FLUORESCENCE_AFTER_ACID, 121)
    assert suggested(lib, visit) == (white, lit)


def test_a_missing_source_is_left_out_not_invented(lib: Library, visit: str) -> None:
    assert suggested(lib, visit) == (None, None)
    assert pairing.ensure_pair(lib, visit) is None
    lit = put(lib, visit, Stage.FLUORESCENCE_BEFORE_ACID, 0)
    pair = pairing.ensure_pair(lib, visit)
    assert pair is not None
    assert (pair.white_id, pair.fluorescence_id) == (None, lit)


def test_a_source_that_arrives_later_completes_the_pair(lib: Library, visit: str) -> None:
    white = put(lib, visit, Stage.ACETIC_ACID, 0)
    alone = pairing.ensure_pair(lib, visit)
    lit = put(lib, visit, Stage.FLUORESCENCE_AFTER_ACID, 1)
    both = pairing.ensure_pair(lib, visit)
    assert alone is not None
    assert both is not None
    assert both.id != alone.id
    assert (both.white_id, both.fluorescence_id) == (white, lit)
    assert pairing.ensure_pair(lib, visit) == both


def test_the_pair_made_last_is_the_one_that_opens(lib: Library, visit: str) -> None:
    whites = [put(lib, visit, Stage.ACETIC_ACID, at) for at in (0, 10)]
    lit = put(lib, visit, Stage.FLUORESCENCE_AFTER_ACID, 11)
    for white in (*whites, whites[0]):
        change = pairing.make_pair(lib, visit, white, lit)
        opening = pairing.default_pair(cases.visit_case(lib, visit))
        assert opening is not None
        assert (opening.id, opening.white_id) == (change.key, white)
    assert len(cases.visit_case(lib, visit).pairs) == 2  # the third was there already


def test_a_pair_with_both_sources_opens_before_a_later_one_sided_one(lib: Library, visit: str) -> None:
    white = put(lib, visit, Stage.ACETIC_ACID, 0)
    lit = put(lib, visit, Stage.FLUORESCENCE_AFTER_ACID, 1)
    both = pairing.make_pair(lib, visit, white, lit)
    pairing.make_pair(lib, visit, white, None)
    opening = pairing.default_pair(cases.visit_case(lib, visit))
    assert opening is not None
    assert opening.id == both.key


def test_making_and_choosing_a_pair_is_undone(lib: Library, visit: str) -> None:
    white = put(lib, visit, Stage.ACETIC_ACID, 0)
    first = pairing.make_pair(lib, visit, white, put(lib, visit, Stage.FLUORESCENCE_AFTER_ACID, 1))
    second = pairing.make_pair(lib, visit, white, put(lib, visit, Stage.FLUORESCENCE_AFTER_ACID, 2))
    old = cases.visit_case(lib, visit).pairs
    again = pairing.make_pair(lib, visit, old[0].white_id, old[0].fluorescence_id)
    assert [pair.id for pair in cases.visit_case(lib, visit).pairs] == [second.key, first.key]
    review.undo(lib, again)
    assert cases.visit_case(lib, visit).pairs == old
    review.undo(lib, second)
    assert [pair.id for pair in cases.visit_case(lib, visit).pairs] == [first.key]


def test_pictures_of_another_visit_or_the_wrong_source_are_refused(lib: Library, visit: str) -> None:
    white = put(lib, visit, Stage.ACETIC_ACID, 0)
    lit = put(lib, visit, Stage.FLUORESCENCE_AFTER_ACID, 1)
    other = cases.add_visit(lib, cases.add_patient(lib, identifier="K-2").id).id
    stranger = put(lib, other, Stage.FLUORESCENCE_AFTER_ACID, 1)
    for first, second, match in (
        (white, stranger, "does not belong to this visit"),
        (lit, None, "no white-light picture"),
        (None, white, "no fluorescence picture"),
        (None, None, "at least one picture"),
    ):
        with pytest.raises(BadInputError, match=match):
            pairing.make_pair(lib, visit, first, second)
    assert cases.visit_case(lib, visit).pairs == ()


def test_in_a_read_only_library_no_pair_is_made(lib: Library, visit: str) -> None:
    put(lib, visit, Stage.ACETIC_ACID, 0)
    with Library.open(lib.path) as second:
        assert pairing.ensure_pair(second, visit) is None
    made = pairing.ensure_pair(lib, visit)
    with Library.open(lib.path) as second:
        assert pairing.ensure_pair(second, visit) == made


def test_every_stage_has_its_place_in_the_order() -> None:
    def one(stage: Stage) -> Picture:
        return Picture("1", "v", "0" * 64, stage, NOON, 8, 8)

    for stage in Stage:
        assert any(pairing.suggest([one(stage)])), stage


# ---- signed visits


def sign(lib: Library, visit: str, pair_id: str = "") -> None:
    review.set_impression(lib, visit, Grade.LOW)
    review.sign(lib, visit, "Dr. A", "Reported by me", pair_id=pair_id)


def opening(lib: Library, visit: str) -> str:
    """The pair that opens; the same whether it is looked up or made sure of."""
    found, sure = pairing.default_pair(cases.visit_case(lib, visit)), pairing.ensure_pair(lib, visit)
    assert found == sure
    return found.id if found else ""


def test_other_pictures_of_a_signed_visit_make_no_pair(lib: Library, visit: str) -> None:
    white, other = put(lib, visit, Stage.ACETIC_ACID, 0), put(lib, visit, Stage.SALINE, 0)
    lit = put(lib, visit, Stage.FLUORESCENCE_AFTER_ACID, 1)
    saline = pairing.make_pair(lib, visit, other, lit).key
    signed = pairing.make_pair(lib, visit, white, lit).key
    sign(lib, visit)
    before = cases.visit_case(lib, visit)
    for pictures in ((white, None), (other, lit), (white, lit)):
        with pytest.raises(SignedError, match='"Put on the stage" was not done: this visit is signed'):
            pairing.make_pair(lib, visit, *pictures)
    assert cases.visit_case(lib, visit) == before
    assert before.findings.signature is not None
    assert before.findings.signature.pair_id == opening(lib, visit) == signed != saline


def test_the_pair_that_was_signed_opens_also_where_another_one_would(lib: Library, visit: str) -> None:
    white, lit = put(lib, visit, Stage.ACETIC_ACID, 0), put(lib, visit, Stage.FLUORESCENCE_AFTER_ACID, 1)
    pairing.make_pair(lib, visit, white, lit)
    alone = pairing.make_pair(lib, visit, white, None).key
    sign(lib, visit, alone)
    assert opening(lib, visit) == alone
    with Library.open(lib.path) as again:
        assert opening(again, visit) == alone


def test_the_signature_stands_with_pictures_that_were_never_opened_too(lib: Library, visit: str) -> None:
    put(lib, visit, Stage.ACETIC_ACID, 0)
    sign(lib, visit)
    assert opening(lib, visit)


def test_a_visit_is_not_signed_with_the_pictures_of_another(lib: Library, visit: str) -> None:
    other = cases.add_visit(lib, cases.add_patient(lib, identifier="K-2").id).id
    stranger = pairing.make_pair(lib, other, put(lib, other, Stage.ACETIC_ACID, 0), None).key
    with pytest.raises(BadInputError, match="do not belong to this visit"):
        sign(lib, visit, stranger)
    assert not cases.visit_case(lib, visit).signed


def test_what_an_older_version_paired_after_the_signing_does_not_open(
    lib: Library, visit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    white, lit = put(lib, visit, Stage.ACETIC_ACID, 0), put(lib, visit, Stage.FLUORESCENCE_AFTER_ACID, 1)
    first = pairing.make_pair(lib, visit, white, lit).key
    review.set_impression(lib, visit, Grade.LOW)
    signature = {"name": "Dr. A", "signed_at": datetime.now(UTC).isoformat(), "meaning": "Reported by me"}
    lib.apply(Change("findings", visit, {"signature": None}, {"signature": signature}, "Signed"))
    with monkeypatch.context() as older:
        older.setattr(rules, "check", lambda *_args, **_named: None)
        fields = {"visit_id": visit, "white_id": None, "fluorescence_id": lit, "made_at": "2090-01-01T00:00:00+00:00"}
        lib.apply(Change("pair", cases.new_id(), None, fields, "Pair made"))
        fields = {**fields, "white_id": white}
        lib.apply(Change("pair", cases.new_id(), None, fields, "Pair made"))
    assert opening(lib, visit) == first


# ---- other sources in the second place


@pytest.mark.parametrize("stage", [Stage.GREEN, Stage.LUGOL])
def test_a_filtered_picture_is_paired_with_plain_white_light_by_hand(lib: Library, visit: str, stage: Stage) -> None:
    white, other = put(lib, visit, Stage.ACETIC_ACID, 0), put(lib, visit, stage, 5)
    made = pairing.make_pair(lib, visit, white, other).key
    pair = pairing.default_pair(cases.visit_case(lib, visit))
    assert pair is not None
    assert (pair.id, pair.white_id, pair.fluorescence_id) == (made, white, other)
    assert opening(lib, visit) == made
    with Library.open(lib.path) as again:
        assert opening(again, visit) == made


def test_no_filtered_picture_is_ever_paired_by_a_guess(lib: Library, visit: str) -> None:
    white = put(lib, visit, Stage.ACETIC_ACID, 0)
    put(lib, visit, Stage.GREEN, 1)
    put(lib, visit, Stage.LUGOL, 2)
    assert suggested(lib, visit) == (white, None)
    pair = pairing.ensure_pair(lib, visit)
    assert pair is not None
    assert (pair.white_id, pair.fluorescence_id) == (white, None)


def test_alone_and_in_the_first_place_a_filtered_picture_is_white_light_as_before(lib: Library, visit: str) -> None:
    green, lit = put(lib, visit, Stage.GREEN, 0), put(lib, visit, Stage.FLUORESCENCE_AFTER_ACID, 1)
    pairing.make_pair(lib, visit, green, None)
    pairing.make_pair(lib, visit, green, lit)
    assert [(pair.white_id, pair.fluorescence_id) for pair in cases.visit_case(lib, visit).pairs] == [
        (green, None),
        (green, lit),
    ]


def test_what_belongs_in_no_second_place_is_refused_and_nothing_is_made(lib: Library, visit: str) -> None:
    white, saline = put(lib, visit, Stage.ACETIC_ACID, 0), put(lib, visit, Stage.SALINE, 1)
    green, iodine = put(lib, visit, Stage.GREEN, 2), put(lib, visit, Stage.LUGOL, 3)
    for first, second in ((white, saline), (green, iodine), (green, green), (None, green), (None, iodine)):
        with pytest.raises(BadInputError, match="this is no fluorescence picture"):
            pairing.make_pair(lib, visit, first, second)
    assert cases.visit_case(lib, visit).pairs == ()
