"""When somebody or a manifest says that a visit was, against what can be and what its pictures say. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from pfm_desktop.services.importing.dates import EARLIEST, ExifTime, When, guessed_time
from pfm_desktop.services.importing.guess import Guess, Sure, said
from pfm_desktop.support import moments
from pfm_desktop.support.language import tr

_DAY = timedelta(days=1)
_FAR = timedelta(hours=18)  # a clock that is a day off is farther, one of another zone or a visit over midnight is not


def far_apart(taken: When, visit: When) -> bool:
    """Whether a picture that says this moment cannot be of a visit of that time: its clock was wrong."""
    if taken.day_only:
        return abs((taken.day - visit.day).days) > 1
    if visit.day_only:
        begun = visit.at.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        return not begun - (_DAY - _FAR) <= taken.at <= begun + _DAY + (_DAY - _FAR)
    return abs(taken.at - visit.at) > _FAR


def own_time(exif: ExifTime | None, recorded: When | None, *, now: datetime | None = None) -> When | None:
    """What a picture's file says of its time (its record, else EXIF); None for nothing, or what is not believed."""
    guess = guessed_time(exif=exif, stem="", folders=(), modified=None, recorded=recorded, now=now)
    both = exif is not None and recorded is not None and guess.contradicted
    if both:  # the record counts most
        return own_time(None, recorded, now=now)
    return guess.value if guess.known() else None


def said_time(when: When, why: str, own: Mapping[str, When], *, now: datetime | None = None) -> Guess[When]:
    """A visit's time as it was said, or a question. `own`: what the files of its pictures say, by picture's name."""
    doubt = _doubt(when, own, now or datetime.now().astimezone())
    return (
        Guess(when, Sure.UNSURE, tr("{reason}, but {doubt}", reason=why, doubt=doubt), contradicted=True)
        if doubt
        else said(when, why)
    )


def _doubt(when: When, own: Mapping[str, When], now: datetime) -> str:
    """Why a visit can hardly have been then ("": it can)."""
    if when.day > now.astimezone().date():
        return tr("that is still to come")
    if when.day.year < EARLIEST:
        return tr("that is before {year}", year=EARLIEST)
    away = next((name for name, taken in own.items() if abs((taken.day - when.day).days) > 1), None)
    return "" if away is None else tr("the picture {name} says {day}", name=away, day=moments.day(own[away].day))
