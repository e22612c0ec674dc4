"""What was taken last, in words. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.services.capture.keeping import Lot, LotNews, LotState
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.viewmodels.words import capital

if TYPE_CHECKING:
    from pfm_desktop.services.capture.verdict import PairVerdict

LOOKING = tr("Looking at the pair ...")
KEEPING = tr("On its way to the library ...")
KEPT = tr("In the library")
OFF_RECORD = tr("Off the record. Edit > Undo or Redo brings it back.")
UNKEPT = tr("Not in the library yet. It is held here and tried again.")
NOTHING = capital(tr("nothing was taken"))
DROPPED = tr("Given up: not in the library")
_WORDS = {LotState.KEPT: KEPT, LotState.KEEPING: KEEPING, LotState.WAITING: "", LotState.DROPPED: DROPPED}


@dataclass(frozen=True)
class TakenCard:
    """As it is shown; `pictures` how many, `captions` what each is."""

    headline: str
    reasons: str = ""
    alarm: str = ""  # in place of the reasons, where it is to be taken again
    kept: str = ""
    problem: str = ""
    pictures: int = 0
    waits: bool = False  # they are not in the library yet
    captions: tuple[str, ...] = ()
    can_retake: bool = False


def caption_of(lot: Lot) -> tuple[str, ...]:
    """What each picture of a lot is."""
    found = []
    for one in lot.pictures:
        light = tr("Fluorescence") if one.stage.source is Source.FLUORESCENCE else tr("White light")
        after_acid = one.stage in (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID) and one.seconds is not None
        what = () if after_acid else (one.stage.words,)
        when = () if one.seconds is None else (tr("{seconds:.0f} s after acid", seconds=one.seconds),)
        found.append(COMMA.join((light, *what, *when)))
    return tuple(found)


def card_of(
    lot: Lot, news: LotNews | None, verdict: PairVerdict | None, problem: str = "", *, on_record: bool = True
) -> TakenCard:
    """What is said of a lot: `news` of the library, `verdict` of the pair (None while not known; `problem`: why it
    never will be). `on_record`: whether what the library has taken still stands in the visit."""
    captions = caption_of(lot)
    state = news.state if news is not None else LotState.KEEPING
    reasons = alarm = ""
    if lot.pair:
        headline = LOOKING if verdict is None else f"{'✓' if verdict.keep else '!'}  {verdict.words}"
        reasons = "\n".join(verdict.reasons) if verdict is not None else ""
        if verdict is not None and not verdict.keep:
            reasons, alarm = "", reasons or verdict.words
        if problem:
            headline, reasons = tr("Look at it yourself"), capital(problem)
    else:
        headline = captions[0]
    waits, gone = state is LotState.WAITING, state is LotState.KEPT and not on_record
    return TakenCard(
        headline=headline,
        reasons=reasons,
        alarm=alarm,
        kept=OFF_RECORD if gone else _WORDS[state],
        problem=f"{UNKEPT}\n{news.problem}" if waits and news is not None else "",
        pictures=len(lot.pictures),
        waits=state in (LotState.KEEPING, LotState.WAITING),
        captions=captions,
        can_retake=state is LotState.KEPT and not gone and (not lot.pair or verdict is not None or bool(problem)),
    )


def missed_card(problem: str, waits: str = "", *, again: bool = False) -> TakenCard:
    """Where nothing came of what was asked for last: why, and nothing of what was taken before, which would look as if
    it were this. `waits`: what the library has not taken yet; `again`: what was to be retaken is still there."""
    return TakenCard(headline=NOTHING, alarm=problem, problem=waits, can_retake=again)


def nothing_words(pictures: int) -> str:
    """Where nothing was taken since the visit came on the desk, which has so many `pictures`."""
    if not pictures:
        return tr("Nothing taken yet")
    return tr("%n picture(s) in this visit; none taken since it was opened", "", pictures)
