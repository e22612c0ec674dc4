"""What was done, in a few words."""

from __future__ import annotations

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.viewmodels.changes import said_of


def change(what: str, text: str, *, gone: bool = False) -> Change:
    return Change(what, "key", {"a": 1} if gone else None, None if gone else {"a": 1}, text)


PICTURE = change("picture", "Picture added (saline)")
PAIR = change("pair", "Pair made")
REMOVED = change("picture", "Picture removed (saline)", gone=True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ((change("pin", "Pin A placed"),), "Pin A placed"),
        ((PICTURE, PAIR), "Picture added (saline)"),
        ((PICTURE, PICTURE, PAIR), "2 pictures added"),
        ((PAIR, REMOVED, REMOVED, REMOVED), "3 pictures removed"),
        ((change("patient", "Patient P-1 added"), change("visit", "Visit added")), "Patient P-1 added"),
        ((change("pin", "Pin A removed", gone=True), PAIR, PAIR), "Pin A removed (and 2 more)"),
    ],
)
def test_a_step_says_its_main_part(changes: tuple[Change, ...], said: str) -> None:
    assert said_of(changes) == said
