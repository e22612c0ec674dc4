import cv2
import numpy as np
import pytest

from pfm_desktop.support.errors import BadInputError, MemoryFullError, UserError, capital, for_a_person


def test_an_error_says_what_happened_what_is_safe_and_what_to_do() -> None:
    error = BadInputError("a.png is no picture", safe="the library is unchanged", remedy="choose a JPEG or PNG file")
    assert str(error) == "a.png is no picture. the library is unchanged. choose a JPEG or PNG file."
    assert "\n" not in str(error)


def test_bad_input_ends_the_command_line_with_two() -> None:
    assert UserError("x").exit_code == 2


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried to ..."
        ),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 12 bytes."),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        OSError(12, "Cannot allocate memory"),
        RuntimeError("Exception from src/inference/src/infer_request.cpp:223:\nstd::bad_alloc\n"),
        RuntimeError("could not create a primitive"),
    ],
)
def test_memory_that_ran_out_is_told_as_such_whichever_library_ran_out(error: Exception) -> None:
    known = for_a_person(error)
    assert isinstance(known, MemoryFullError)
    assert "not enough free memory" in str(known)
    assert "close other programs" in str(known)


def test_what_opencv_says_of_memory_is_told_as_such() -> None:
    with pytest.raises(cv2.error) as raised:
        cv2.resize(np.zeros((1, 1), np.uint8), (2**30, 2**30))
    assert isinstance(for_a_person(raised.value), MemoryFullError)


def test_other_errors_are_not_guessed_at_and_those_for_a_person_stay_as_they_are() -> None:
    assert for_a_person(KeyError("not enough memory")) is None
    assert for_a_person(RuntimeError("shapes do not fit")) is None
    error = BadInputError("x")
    assert for_a_person(error) is error


def test_in_french_the_first_word_may_have_an_apostrophe_or_a_hyphen(monkeypatch: pytest.MonkeyPatch) -> None:
    french = "n\N{RIGHT SINGLE QUOTATION MARK}est pas lisible", "choisissez-le", "a.png manque"
    assert [capital(text) for text in french] == list(french)
    monkeypatch.setenv("PFM_LANGUAGE", "fr")
    assert [capital(text)[0] for text in french] == ["N", "C", "a"]
