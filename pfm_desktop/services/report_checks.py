"""How far the pictures of a pair can be trusted, in the words of the report.

Quality and registration are not the AI's grade: they stand in the report, and in the question before the signature,
whether or not the AI was revealed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pfm_desktop.domain.quality import VERDICT_WORDS, Quality, Verdict
from pfm_desktop.domain.registration import STATUS_WORDS, RegistrationStatus, RegistrationSummary
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.interop.pdf_content import ReportCheck
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.services.engine import PairAnswer, PairPictures

NOT_CHECKED = ReportCheck(tr("The quality of these pictures has not been checked."), doubt=True)
NOT_MADE = ReportCheck(tr("Registration: not made."))
_NAMES = {source.value: source.words[:1].upper() + source.words[1:] for source in Source} | {"pair": tr("Pair")}


def checks_of(answer: PairAnswer | None, pictures: PairPictures | None) -> tuple[ReportCheck, ...]:
    """What is known of the pictures of a pair; () where there is no pair.

    What makes a doubt comes as one: an unusable picture or pair, a refused registration, points by hand that the
    structures contradict or cannot be compared under, and pictures that nobody has checked.
    """
    if answer is not None:
        both = pictures is None or (pictures.white is not None and pictures.fluorescence is not None)
        return checks(answer.analysis.quality, answer.analysis.registration, both=both)
    if pictures is None:
        return ()
    known = pictures.registration.summary() if pictures.registration is not None else None
    return (NOT_CHECKED, *((_registration(known, None),) if known is not None else ()))


def checks(
    quality: Mapping[str, Quality], registration: RegistrationSummary | None, *, both: bool = True
) -> tuple[ReportCheck, ...]:
    """The same from what an analysis says. `both`: there are two pictures to register."""
    pair = quality.get("pair")
    given = [source.value for source in Source if source.value in quality]
    said = [_picture(_NAMES[key], quality[key]) for key in given]
    if registration is not None:
        told = _tells_all(registration)
        said += [_picture(_NAMES["pair"], pair)] if pair is not None and not told else []
        said.append(_registration(registration, pair if told else None))
    elif pair is not None:
        said.append(_picture(_NAMES["pair"], pair))
    elif both and len(given) == len(PLACES):
        said.append(NOT_MADE)
    return tuple(sorted(said, key=lambda check: not check.doubt))


def _picture(name: str, quality: Quality) -> ReportCheck:
    problems = f" ({quality.problem_words})" if quality.problems else ""
    text = tr(
        "{name}: quality {verdict}{problems}.", name=name, verdict=VERDICT_WORDS[quality.verdict], problems=problems
    )
    doubt = quality.verdict is Verdict.UNUSABLE or "structures_not_compared" in quality.problems
    return ReportCheck(f"{text} {quality.advice}".strip(), doubt)


def _tells_all(registration: RegistrationSummary) -> bool:
    """Whether the quality of the pair only follows from the registration."""
    return registration.status is RegistrationStatus.REFUSED or registration.for_looking_only


def _registration(registration: RegistrationSummary, pair: Quality | None) -> ReportCheck:
    advice = f" {pair.advice}" if pair is not None and pair.advice else ""
    cause = registration.cause.strip().rstrip(".")
    if registration.status is RegistrationStatus.REFUSED:
        why = tr("Not registered: {cause}.", cause=cause or tr("no reliable match"))
        return ReportCheck(f"{why}{advice}", doubt=True)
    if registration.for_looking_only:
        why = tr("Registered by hand, to be looked at only: {cause}.", cause=cause)
        return ReportCheck(f"{why}{advice}", doubt=True)
    why = f" {_capital(cause)}." if cause else ""
    return ReportCheck(_registered(registration) + why)


def _registered(registration: RegistrationSummary) -> str:
    status, error = STATUS_WORDS[registration.status], registration.error_px
    if error is None:
        said = tr("Registration: {status}, by hand.") if registration.by_hand else tr("Registration: {status}.")
        return said.format(status=status)
    said = tr("Registration: {status}, estimated error {error:.1f} px.")
    if registration.by_hand:
        said = tr("Registration: {status}, estimated error {error:.1f} px, by hand.")
    return said.format(status=status, error=error)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
