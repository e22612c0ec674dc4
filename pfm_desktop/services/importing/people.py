"""Whose picture it is, from the names of its folders and file. Pure functions over text.

A name of a folder may be a woman's name, a place, or what a camera chose: only what looks like a clinic's number is
likely, and two such numbers in one path are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pfm_desktop.services.importing.dates import without_dates
from pfm_desktop.services.importing.guess import Guess, likely, unknown, unsure
from pfm_desktop.services.importing.words import said_by

# "patient 12", "ID-0815", "病历号 123": what follows is the number; it must hold a digit
_MARKED = re.compile(
    r"(?:(?<![a-z])(?:patient(?:in|e|s)?|paciente|pat|mrn|pid|id)(?:[\s_#:.-]+)(?:id|no|nr|number)?"
    r"|病人号?|患者|病历号|病案号|住院号|门诊号|编号|登记号)[\s_#:\uff1a.-]*([a-z]{0,6}[.-]?\d[a-z0-9.-]*)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^(?:[A-Za-z]{1,8}-?\d[A-Za-z0-9]*(?:-[A-Za-z0-9]+)*|\d{3,}[A-Za-z0-9]*(?:-[A-Za-z0-9]+)*)$")
# what cameras, computers and people call files and folders, with or without a number behind it
_GENERAL = re.compile(
    r"^(?:img|dscn?|dscf|pict?|picture|photo|foto|bild|imagen?|image|frame|scan|snap|shot|cap|capture|screenshot|dcim|"
    r"export|import|data|daten|datos|new|neu|nuevo|nouveau|neuer|folder|ordner|carpeta|dossier|desktop|downloads?|usb|"
    r"backup|colpo(?:scop[a-z]*)?|kolposkopie|images|pictures|photos|fotos|bilder|imagenes|camera|cam|video|vid|clip|mov|"
    r"visit[ae]?|besuch|exam(?:en)?|study|studie|series|serie|set|batch|left|right|jpe?g|png|tiff?|bmp|heic|zip|v|s|t|no|nr|"
    r"图片|照片|图像|检查|阴道镜|新建文件夹|复查|初诊|第|次)[\s_-]?\d*$",
    re.IGNORECASE,
)
_OF_A_CAMERA = re.compile(r"^\d{3}[A-Z_]{2,5}\d?[A-Z_]*$")  # 100CANON, 101_PANA


@dataclass(frozen=True)
class _Candidate:
    value: str
    where: str  # as it is said: "the folder K-17"
    number: bool  # it looks like a clinic's number


def guessed_patient(folders: tuple[str, ...], stem: str) -> Guess[str]:
    """The clinic's number of the woman; `folders` outermost first, `stem` the file's name without its ending."""
    parts = [(name, f"the folder {name}") for name in folders] + [(stem, f"the file's name {stem}")]
    marked = {found[1].rstrip(".-"): where for text, where in parts for found in _MARKED.finditer(without_dates(text))}
    if len(marked) == 1:
        value, where = next(iter(marked.items()))
        return likely(value, f"{where} says so")
    if marked:
        return unknown(f"names say two numbers: {', '.join(marked)}")
    within = [found for name in folders[1:] if (found := _in_folder(name))]
    root = _in_folder(folders[0]) if folders else None
    own = _in_file(stem)
    numbers = list(dict.fromkeys(found.value for found in within if found.number))
    if numbers:
        last = next(found for found in reversed(within) if found.number)
        if len(numbers) > 1:
            return unsure(last.value, f"folders say {' and '.join(numbers)}")
        return likely(last.value, f"{last.where} looks like a clinic's number")
    return _from_root_or_file(root, own, within)


def _from_root_or_file(root: _Candidate | None, own: _Candidate | None, within: list[_Candidate]) -> Guess[str]:
    numbers = [found for found in (root, own) if found is not None and found.number]
    if len(numbers) == 2 and numbers[0].value != numbers[1].value:
        return unsure(numbers[0].value, f"{numbers[0].where} and {numbers[1].where} say different numbers")
    if numbers:
        return likely(numbers[0].value, f"{numbers[0].where} looks like a clinic's number")
    named = [found for found in (*within, own) if found is not None]  # a word for all that was given is no woman
    if named:
        return unsure(named[0].value, f"only {named[0].where} could say it")
    return unknown("no name of a folder or file says it")


def _in_folder(name: str) -> _Candidate | None:
    """A folder's name without dates, stages and general words; of what is left a number, else all of it."""
    left = _telling(re.sub(r"\.zip$", "", name, flags=re.IGNORECASE))
    number = next((token for token in left if _NUMBER.match(token)), None)
    if number:
        return _Candidate(number, f"the folder {name}", number=True)
    return _Candidate(" ".join(left), f"the folder {name}", number=False) if left else None


def _in_file(stem: str) -> _Candidate | None:
    """The first word of a file's name, where it looks like a number and something stands behind it."""
    tokens = re.split(r"[\s_]+", without_dates(stem).strip(" _-."))
    first = next(iter(_telling(tokens[0])), None) if tokens else None
    if first is None or not _NUMBER.match(first) or len([token for token in tokens if token]) < 2:
        return None
    return _Candidate(first, f"the file's name {stem}", number=not first.isdigit())


def _telling(name: str) -> list[str]:
    tokens = [token.strip("-.,;()[]#") for token in re.split(r"[\s_]+", without_dates(name))]
    return [
        token
        for token in tokens
        if token
        and not _GENERAL.match(token)
        and not _OF_A_CAMERA.match(token)
        and not re.fullmatch(r"\d{1,2}|\d+(?:s|sec|min)", token)
        and not said_by(token).words
    ]
