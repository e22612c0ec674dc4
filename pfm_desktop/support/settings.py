"""Settings of this user on this computer: a small JSON file that is replaced whole.

A file that cannot be read is put aside (`settings.json.damaged`), said in the log, and the defaults are used.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from pfm_desktop.support.files import write_text
from pfm_desktop.support.language import LANGUAGES
from pfm_desktop.support.paths import settings_file
from pfm_desktop.support.quiet import Own

log = logging.getLogger(__name__)

THEMES = ("dark", "light")
MODALITIES = ("XC", "ES")
LOCK_MINUTES = (1, 2, 5, 10, 15, 30)
AI_SHOWN = ("hidden", "after", "before")
AS_COMPUTER = ""  # the language


@dataclass(frozen=True)
class Settings:
    """`reader` is the name written beside every change; `first_read_lock` hides the AI until there is an impression.

    `language`: a key of `language.LANGUAGES`, from the next start on; "" that of the computer.
    `ai_shown`: when who reads for labels may see the AI answer: never, after the own grade, or before it too.
    `lock_minutes`: without a key or the mouse for so long, the window of an encrypted library is locked.
    `tour_offered`: the tour of the demo library was taken or declined, and is not offered again.
    `modality`: what this clinic's archive calls colposcopy in DICOM, external-camera photography or endoscopy.
    `backups`: the folder of a library's backups, by its id.
    `shortcuts` maps an action's id to its key sequence where the user has changed it. `library` "" is the demo library.
    """

    reader: str = ""
    theme: str = "dark"
    language: str = AS_COMPUTER
    first_read_lock: bool = True
    ai_shown: str = "hidden"
    model: str = "pfm-demo"
    library: str = ""
    lock_minutes: int = 10
    modality: str = "XC"
    tour_offered: bool = False
    backups: Mapping[str, str] = field(default_factory=dict)
    shortcuts: Mapping[str, str] = field(default_factory=dict)


def load_settings(path: Path | None = None) -> Settings:
    """The kept settings; the defaults where there are none or they are damaged."""
    path = path or settings_file()
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError):
        return _put_aside(path)
    return _from_table(kept) if isinstance(kept, dict) else _put_aside(path)


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Keep the settings; raises `StorageError` when the disk does not take them."""
    write_text(path or settings_file(), json.dumps(asdict(settings), indent=2, ensure_ascii=False) + "\n")


def _from_table(kept: Mapping[str, Any]) -> Settings:
    """Fields of the right kind; what is unknown or of another kind (another version's) is left out."""
    defaults = Settings()
    known = {item.name: getattr(defaults, item.name) for item in fields(defaults)}
    usable = {name: kept[name] for name, value in known.items() if name in kept and type(kept[name]) is type(value)}
    settings = replace(defaults, **usable)
    offered = {
        "theme": THEMES,
        "language": (AS_COMPUTER, *LANGUAGES),
        "lock_minutes": LOCK_MINUTES,
        "modality": MODALITIES,
        "ai_shown": AI_SHOWN,
    }
    strange = {name: known[name] for name, those in offered.items() if getattr(settings, name) not in those}
    settings = replace(settings, **strange)
    places = {key: place for key, place in settings.backups.items() if isinstance(place, str)}
    return replace(settings, backups=places)


def _put_aside(path: Path) -> Settings:
    aside = path.with_name(f"{path.name}.damaged")
    try:
        path.replace(aside)
        log.warning("the settings could not be read; defaults are used, the file was kept as %s", Own(aside.name))
    except OSError as error:
        log.warning("the settings could not be read (%s); defaults are used", error)
    return Settings()
