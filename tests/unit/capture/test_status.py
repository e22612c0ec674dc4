"""The words for how a stream fares."""

from __future__ import annotations

import pytest

from pfm_desktop.capture.source import NoCameraError
from pfm_desktop.capture.status import StreamState, StreamStatus, words_of


@pytest.mark.parametrize(
    ("state", "why", "note", "goes_on", "words"),
    [
        (StreamState.OPENING, "", "", True, "The camera is being opened."),
        (StreamState.LIVE, "", "", True, "The camera gives pictures."),
        (StreamState.LIVE, "", "The clip was ended.", True, "The clip was ended."),
        (StreamState.STALLED, "", "", True, "The camera gives no pictures since 3 s. Trying again."),
        (StreamState.STALLED, "it was unplugged", "", True, "It was unplugged. Trying again."),
        (StreamState.FAILED, "it is not there.", "", True, "It is not there. Trying again."),
        (StreamState.CLOSED, "it is at its end", "", False, "It is at its end."),
        (StreamState.CLOSED, "", "", False, "The camera is off."),
    ],
)
def test_each_state_has_its_words(state: StreamState, why: str, note: str, goes_on: bool, words: str) -> None:
    assert words_of(StreamStatus(state, ""), why=why, note=note, silent=3.1, goes_on=goes_on) == words


def test_an_error_is_said_in_sentences_and_an_address_is_left_as_it_is() -> None:
    error = NoCameraError("http://10.0.0.5/v gives no pictures", safe="nothing is lost", remedy="check the network")
    assert error.sentences == "http://10.0.0.5/v gives no pictures. Nothing is lost. Check the network."
