"""Questions about the words that the program found on the sheet of a set for research. No Qt."""

from __future__ import annotations

from itertools import chain

from pfm_desktop.viewmodels.export_sheet import Sheet


def next_to_look_through(sheet: Sheet) -> str:
    """The id of the first picture that goes out and was not looked through yet; "" where there is none."""
    waiting = sheet.goes_out - sheet.words.keys()
    return next((one.id for one in sheet.pictures if one.id in waiting), "") if waiting else ""


def words_at(sheet: Sheet, picture_id: str, x: float, y: float) -> int | None:
    """Which box of words found a place (in pixels) is in."""
    for number, (left, top, right, bottom) in enumerate(sheet.words.get(picture_id, ())):
        if left <= x < right and top <= y < bottom:
            return number
    return None


def next_with_words(sheet: Sheet, row: int) -> int | None:
    """The next picture after this row that goes out and in which words were found, around the end; None: none."""
    wanted = sheet.goes_out & sheet.with_words
    order = chain(range(row + 1, len(sheet.pictures)), range(min(row + 1, len(sheet.pictures))))
    return next((at for at in order if sheet.pictures[at].id in wanted), None) if wanted else None


def laid_bare(sheet: Sheet) -> int:
    """How many boxes of words found were taken away in pictures that go out."""
    return sum(len(own) for picture_id, own in sheet.bare.items() if picture_id in sheet.goes_out)
