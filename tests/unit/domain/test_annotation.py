from pfm_desktop.domain.annotation import OsMark, Pin, hour_of, next_letter
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.source import Source, Stage

PIN = Pin("1", "p", Source.WHITE, 10, 20, "A")


def test_an_hour_is_never_guessed_before_the_os_is_marked() -> None:
    assert hour_of(PIN, None) is None


def test_an_os_marked_in_the_other_picture_gives_no_hour() -> None:
    assert hour_of(PIN, OsMark("p", Source.FLUORESCENCE, 10, 30)) is None
    assert hour_of(PIN, OsMark("p", Source.WHITE, 10, 30)) == 12


def test_a_removed_pin_frees_its_letter() -> None:
    others = tuple(Pin(str(n), "p", Source.WHITE, 0, 0, letter) for n, letter in enumerate("ACD"))
    assert next_letter(others) == "B"


def test_there_is_a_letter_after_z() -> None:
    used = tuple(Pin(str(n), "p", Source.WHITE, 0, 0, letter) for n, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    assert next_letter(used) == "A1"


def test_a_change_reversed_twice_is_the_change() -> None:
    change = Change("pin", "1", None, {"x": 1}, "Pin A placed")
    back = change.reversed()
    assert (back.old, back.new) == ({"x": 1}, None)
    assert (back.reversed().old, back.reversed().new) == (None, {"x": 1})


def test_each_stage_knows_its_source() -> None:
    assert {stage for stage in Stage if stage.source is Source.FLUORESCENCE} == {
        Stage.FLUORESCENCE_BEFORE_ACID,
        Stage.FLUORESCENCE_AFTER_ACID,
    }
