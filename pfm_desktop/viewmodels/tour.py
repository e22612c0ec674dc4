"""The tour of the demo library, as a table: where each step is, what it points at, what it says, and which keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.domain.case import VisitRow

MENU = "help menu"  # a control that is no part of a page
INVESTIGATIONAL = tr("Investigational - not for diagnosis.")
NO_KEY = tr("no key")
_KEY = re.compile(r"\{([a-z_]+\.[a-z_0-9]+)\}")

OFFER = tr("New here? A short tour shows the way, on phantoms: no real women, and nothing is changed or signed by it.")
OFFER_TAKE, OFFER_LATER = tr("Take the tour (3 minutes)"), tr("Not now")
ELSEWHERE = tr(
    "The tour is shown on the demo library, on phantoms. The library that is open now is closed for it; "
    "File, Open another library brings it back, and the next start opens it as before."
)
ELSEWHERE_TAKE = tr("Open the demo library and take the tour")
NOT_SEEN = tr("It is not in sight at the moment.")
NO_PAGE = tr("{page} cannot be shown at the moment. The message at the foot of the window says why; Next goes on.")
WAITS = tr("The tour waits: this step is about {page}. Stay here as long as you like.")
GO_THERE, NEXT, LAST = tr("Go there"), tr("Next"), tr("Finish")
BACK, SKIP = tr("Back", "to the step before"), tr("Skip the tour")
HINT = tr("Click the page to try it; {help.tour} comes back here. Escape ends the tour.")
OVER = tr("The tour is over. Help, Take the tour shows it again.")


@dataclass(frozen=True)
class TourStep:
    """`page`: the title on the rail, "" for wherever one is. `controls`: attribute paths from the page to what is
    framed (of a table of controls all of them together), or `MENU`. `tab`: which tab of Review's right column. `words`
    name keys by the id of their action in braces, so that a changed key shows as it is."""

    page: str
    controls: tuple[str, ...]
    title: str
    words: str
    tab: str = ""


STEPS: tuple[TourStep, ...] = (
    TourStep(
        tr("Today"),
        ("search", "filter.buttons"),
        tr("Find and open a visit"),
        tr(
            "Type a name, a number, a date or a finding; the buttons ({today.show_all}, {today.show_today} and on) "
            "show what is to be done. Enter opens the visit, and {edit.find} comes back here from anywhere."
        ),
    ),
    TourStep(
        tr("Review"),
        ("bar",),
        tr("Look at both pictures"),
        tr(
            "Side by side, blend, swipe, flicker and checkerboard are on the keys {review.side_by_side}, "
            "{review.blend}, {review.swipe}, {review.flicker} and {review.checkerboard}; the wheel zooms both. The "
            "chip says how well the pictures lie on each other."
        ),
    ),
    TourStep(
        tr("Review"),
        ("side.answer",),
        tr("Your own read first, then the AI"),
        tr(
            "Give your impression ({review.impression_normal} to {review.impression_cancer}), then {review.reveal} "
            "reveals the AI answer; that goes on record and cannot be undone."
        )
        + " "
        + INVESTIGATIONAL,
        tab="ai",
    ),
    TourStep(
        tr("Review"),
        ("side.pins",),
        tr("Pins and pots"),
        tr(
            "{review.pin} takes the pin tool, and a click marks where a biopsy was taken. Each pin has its pot "
            "here, and {review.labels} saves the labels of the pots."
        ),
        tab="pins",
    ),
    TourStep(
        tr("Review"),
        ("side.report.sign", "side.report.save"),
        tr("Report and signature"),
        tr(
            "What you enter in Findings ({review.findings}) stands in this report; {review.save_pdf} saves it. "
            "Sign locks the visit, with your name and the time; a change afterwards takes a reason. The tour never "
            "signs."
        ),
        tab="report",
    ),
    TourStep(
        tr("Capture"),
        ("timeline",),
        tr("Examine live"),
        tr(
            "{capture.go} takes what comes next and {capture.acid} starts the clock of acetic acid, with one hand "
            "or a pedal. Here a simulated device plays a phantom; no camera is needed."
        ),
    ),
    TourStep(
        tr("Annotate"),
        ("tasks.read", "tasks.new"),
        tr("Read pairs for labels"),
        tr(
            "Pairs one after the other by single keys, without names and without the AI: {annotate.grade_normal} "
            "normal to {annotate.grade_cancer} cancer, {annotate.undo} takes back. {annotate.new_task} makes a "
            "task."
        ),
    ),
    TourStep(
        tr("Models"),
        ("learn", "cards"),
        tr("Models and fine-tuning"),
        tr(
            "pfm-demo is a demonstration model, trained on phantoms. {models.learn} makes one of your own labels, "
            "on this computer, and it answers only once you promote it."
        )
        + " "
        + INVESTIGATIONAL,
    ),
    TourStep(
        "",
        (MENU,),
        tr("Where help is"),
        tr(
            "{help.shortcuts} shows the keys of the page in front, {help.guide} opens the user guide, and Help has "
            "this tour again. Nearly everything can be undone with {edit.undo}."
        ),
    ),
)


def with_keys(words: str, key_of: Callable[[str], str]) -> str:
    """The words with the keys that hold now in place of the ids; `key_of` gives "" for an action without a key."""
    return _KEY.sub(lambda found: key_of(found.group(1)) or NO_KEY, words)


def ids_in(words: str) -> tuple[str, ...]:
    """The ids of actions that words name keys of."""
    return tuple(_KEY.findall(words))


def counter(place: int) -> str:
    """`3 of 9`; `place` from 0."""
    return tr("{step} of {steps}", step=place + 1, steps=len(STEPS))


def visit_for(rows: Sequence[VisitRow]) -> str:
    """The visit that the tour opens where none is: both sources, not read and not signed, with most pictures; ""
    where there is none at all."""

    def worth(row: VisitRow) -> tuple[bool, bool, int]:
        return row.has_white and row.has_fluorescence, not row.signed and not row.impression, row.pictures

    best = max(rows, key=worth, default=None)
    return best.visit.id if best is not None else ""
