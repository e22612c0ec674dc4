"""What is wrong with a picture or a pair that carries no answer, and what to do, in words. No Qt.

Quality shows before the reveal: a picture can be taken again only while the woman is still there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfm_desktop.domain.quality import Quality, Verdict, problem_words
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import with_and

if TYPE_CHECKING:
    from pfm_desktop.domain.prediction import Analysis

NAMES = {
    Source.WHITE: tr("white-light picture"),
    Source.FLUORESCENCE: tr("fluorescence picture"),
    Source.GREEN: tr("green-filter picture"),
    Source.IODINE: tr("picture after Lugol's iodine"),
}
PICTURE = {
    "too_small": tr("is too small"),
    "odd_shape": tr("is far too long for a picture"),
    "screenshot": tr("has even areas as on a screen"),
    "wrong_source": tr("looks like one of the other light"),
    "too_dark": tr("is too dark"),
    "overexposed": tr("is overexposed"),
    "no_colour": tr("is black and white"),
    "noisy": tr("is too noisy"),
    "banded": tr("has bars of a flickering lamp"),
    "out_of_focus": tr("is out of focus"),
    "obstructed": tr("is obstructed"),
    "no_cervix": tr("shows no cervix"),
    "cervix_unsure": tr("may show no cervix"),
    "far_away": tr("shows the cervix from too far away"),
    "off_centre": tr("shows the os far from its middle"),
    "turned": tr("seems to lie on its side"),
    "os_covered": tr("shows mucus or blood over the os"),
    "glare": tr("has too much glare"),
    "no_structure": tr("shows nothing"),
}
PAIR = {
    "identical": tr("The same picture was given twice."),
    "wrong_pair": tr("The two pictures do not seem to belong together."),
    "structures_disagree": tr("The structures of the two pictures do not agree where the points put them."),
    "too_little_overlap": tr("The two pictures show too little of the same tissue."),
}


def retake_words(analysis: Analysis | None) -> str:
    """`The white-light picture is out of focus. Focus on the os, hold still, retake.`; "" while all can be used."""
    if analysis is None:
        return ""
    pair = analysis.quality.get("pair")
    if pair is not None and "identical" in pair.problems:
        return _pair(pair)  # that one of them is of the wrong source only follows from it
    said = _pictures(analysis, Verdict.UNUSABLE)
    if pair is not None and pair.verdict is Verdict.UNUSABLE:
        said.append(_pair(pair))
    return " ".join(said)


def care_words(analysis: Analysis | None) -> str:
    """`To be used with care: the fluorescence picture has too much glare. Tilt the light.`; "" while all is good."""
    if analysis is None:
        return ""
    said = " ".join(_pictures(analysis, Verdict.LIMITED))
    return tr("To be used with care: {pictures}", pictures=said[:1].lower() + said[1:]) if said else ""


def _pictures(analysis: Analysis, verdict: Verdict) -> list[str]:
    """What is said of each picture with this verdict; what is the same of both, once."""
    told = {name: analysis.quality[source.value] for source, name in NAMES.items() if source.value in analysis.quality}
    told = {name: quality for name, quality in told.items() if quality.verdict is verdict}
    same = len(told) == len(PLACES) and len({(quality.problems, quality.advice) for quality in told.values()}) == 1
    if same:
        return [_picture(tr("Each of the two pictures"), next(iter(told.values())))]
    return [_picture(tr("The {picture}", picture=name), quality) for name, quality in told.items()]


def _picture(name: str, quality: Quality) -> str:
    problems = [PICTURE.get(problem, _plain(problem)) for problem in quality.problems] or [tr("is unusable")]
    said = tr("{picture} {problems}.", picture=name, problems=with_and(problems))
    return f"{said} {quality.advice}".strip()


def _pair(quality: Quality) -> str:
    wrong = " ".join(
        PAIR.get(problem, tr("The pair {problem}.", problem=_plain(problem))) for problem in quality.problems
    )
    return f"{wrong} {quality.advice}".strip()


def _plain(problem: str) -> str:
    return tr("is unusable ({problem})", problem=problem_words(problem))
