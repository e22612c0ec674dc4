"""A woman's name as it stands beside her number in the names of folders and files. Pure functions.

One word may be a place or a study; two, of which none says such a thing, are taken for first and second name.
"""

from __future__ import annotations

import re

from pfm_desktop.services.importing.naming import told_by
from pfm_desktop.services.importing.plan import PlannedPicture, PlannedWoman

Name = tuple[str, str]  # family and given name; without a comma their order is not known: all in the first
NO_NAME: Name = ("", "")
_NO_WOMAN = re.compile(
    r"^(?:trial|study|studie|estudio|étude|etude|project|projekt|proyecto|projet|clini\w*|klini\w*|hospital\w*|"
    r"krankenhaus|centre|center|centro|zentrum|site|cohort|kohorte|group|gruppe|grupo|groupe|arm|team|camp|campaign|"
    r"screening|phase|dept|department|abteilung|unit|ward|station|praxis|practice|institute?|university|universit\w*|"
    r"research|pilot|batch|lab|labor|laboratory|device|north|south|east|west|nord|süd|sued|ost|women|patients)$",
    re.IGNORECASE,
)


def name_beside(name: str, number: str) -> Name:
    """The name that the name of a folder or file (without its ending) says beside a woman's number."""
    told = told_by(name)
    if not told.says(number) or not told.personal or any(_NO_WOMAN.match(word) for word in told.words):
        return NO_NAME
    family, comma, _ = name.partition(",")
    first = [word for word in told.words if comma and word in family]
    rest = told.words[len(first) :]
    if first and rest and told.words[: len(first)] == tuple(first):
        return " ".join(first), " ".join(rest)
    return told.name, ""


def looks_like_name(words: str) -> bool:
    """Whether words can be a first and a second name, and none of them says a place or a study."""
    return told_by(words).personal and not any(_NO_WOMAN.match(word) for word in words.split())


def agreed_name(woman: PlannedWoman) -> Name:
    """What all names beside her number agree on, the longest; none where two of them differ."""
    names = dict.fromkeys(name for one in woman.pictures for name in _names(one) if name != NO_NAME)
    longest = max(names, key=lambda name: len(_words(name)), default=NO_NAME)
    return longest if all(_words(name) <= _words(longest) for name in names) else NO_NAME


def _names(picture: PlannedPicture) -> list[Name]:
    value = picture.patient.value or ""
    stem = picture.item.file_name.rsplit(".", 1)[0]
    return [name_beside(name, value) for name in (*picture.item.folders, stem)]


def _words(name: Name) -> frozenset[str]:
    return frozenset(" ".join(name).casefold().split())
