"""Lines of the lamp's protocol: whole, torn, long, hostile."""

from __future__ import annotations

import numpy as np
import pytest

from pfm_desktop.capture.lamp_lines import LONGEST, Answer, Command, Lines, answer_of, command_of, line_of, printable


def test_a_line_that_was_made_is_read_again() -> None:
    assert line_of(12, "LIGHT", "F") == b"#12 LIGHT F\n"
    assert command_of(b"#12 LIGHT F") == Command(12, "LIGHT", ("F",))
    assert answer_of(b"#13 OK PFM-LAMP 1 maker 7\r") == Answer(13, ("PFM-LAMP", "1", "maker", "7"))
    assert answer_of(b"#12 ERR 2 no such light") == Answer(12, (), "2 no such light")
    assert answer_of(b"#12 ERR") == Answer(12, (), "ERR")


@pytest.mark.parametrize(
    "line",
    [b"", b"#", b"12 OK F", b"#x OK F", b"#12345 OK F", b"#12 OKF", b"#12 ok F", b"\xff\xfe#12 OK \xff", b"#-1 OK F"],
)
def test_what_is_no_answer_is_none(line: bytes) -> None:
    assert answer_of(line) is None


def test_noise_before_a_line_does_not_spoil_it() -> None:
    assert answer_of(b"\x00\xffnoise#11 OK#12 OK F") == Answer(12, ("F",))


def test_lines_come_together_from_pieces() -> None:
    lines = Lines()
    assert lines.more(b"#1 O") == []
    assert lines.more(b"K W\r\n\n#2 OK") == [b"#1 OK W\r"]
    assert lines.more(b" F\n") == [b"#2 OK F"]
    assert lines.no_answer == ""


def test_of_a_line_that_does_not_end_nothing_is_kept_but_that_it_was_there() -> None:
    lines = Lines()
    for _ in range(1000):
        assert lines.more(b"x" * 100) == []
        assert len(lines._rest) < LONGEST
    assert lines.more(b"xx\n#1 OK W\n") == [b"#1 OK W"]
    assert lines.strange.startswith("x")
    lines.forget()
    assert lines.no_answer == ""


def test_a_long_line_in_one_piece_is_dropped() -> None:
    lines = Lines()
    assert lines.more(b"x" * 500 + b"\n#1 OK W\n") == [b"#1 OK W"]
    assert lines.strange


def test_a_line_that_was_broken_off_is_told() -> None:
    lines = Lines()
    lines.more(b"#1 O")
    assert lines.no_answer == "#1 O"


def test_what_is_shown_of_a_line_is_short_and_plain() -> None:
    assert printable(b"\x1b[31m" + b"a" * 100) == ".[31m" + "a" * 35


def test_whatever_comes_nothing_grows_and_nothing_raises() -> None:
    random = np.random.default_rng(0)
    lines = Lines()
    for _ in range(2000):
        size = int(random.integers(0, 300))
        alphabet = np.frombuffer(b"#12 OKERLIGHTF\n\r\x00\xff ", np.uint8)
        noise = random.choice(alphabet, size) if random.random() < 0.5 else random.integers(0, 256, size, np.uint8)
        for line in lines.more(noise.astype(np.uint8).tobytes()):
            assert len(line) < LONGEST
            for read in (answer_of(line), command_of(line)):
                assert read is None or 0 <= read.number <= 9999
        assert len(lines._rest) < LONGEST
        assert lines.no_answer.isprintable()
