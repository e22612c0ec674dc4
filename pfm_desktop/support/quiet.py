"""What may be written down where others read it: the words of the program's own code, numbers, places in the program.

A message that was put together, the text of an exception and a path may name a woman, a user or a folder: none of them
is let through. What is let through is known by where it comes from, not by how it looks.
"""

from __future__ import annotations

import enum
import logging
import numbers
import re
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import FrameType
from typing import Any

from pfm_desktop.support.build import is_installed
from pfm_desktop.support.paths import app_root

LEFT_OUT = "..."  # stands where something was that is not written down
ELSEWHERE = "(elsewhere)"
_LONGEST = 9_999  # whole numbers above may be those of patients, or days of birth
_PLAIN = re.compile(r"[\w./<>-]+", re.ASCII)
_LIBRARIES = re.compile(r".*[/\\](?:site-packages|dist-packages|_internal|lib[/\\]python3\.\d+)[/\\](.+)")
_FROZEN = re.compile(r"<(string|frozen [a-z_.]{,40})>")  # parts of the interpreter itself
FRAME = re.compile(r"  (?:\(elsewhere\)|[\w. /<>-]+:\d+ in [\w.<>()]+)", re.ASCII)  # as `frame_of` writes it
_KIND = re.compile(r"(?:[a-z_]+\.)*([A-Z][A-Za-z]{2,40}(?:Error|Exception|Interrupt))(?::|$)", re.ASCII)
_TEXT_FRAME = re.compile(r' *File "(?P<file>.*)", line (?P<line>\d+),? in (?P<name>\S+)')


class Own(str):
    """Words that are the program's own whatever happens, such as the name of a backend: they may be written down."""

    __slots__ = ()


def places_of(error: BaseException) -> Own:
    """Type of an exception and the places it passed, the cause first; no message, no values."""
    lines: list[str] = []
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        lines.append(places_of(before))
    lines.append(type(error).__name__)
    lines += [
        frame_of(frame.filename, str(frame.lineno), frame.name) for frame in traceback.extract_tb(error.__traceback__)
    ]
    return Own("\n".join(lines))


def places_in(details: str) -> Own:
    """The same for a traceback that arrived as text from another process, or that the interpreter wrote as it died."""
    lines = []
    for line in details.splitlines():
        if frame := _TEXT_FRAME.fullmatch(line):
            lines.append(frame_of(frame["file"], frame["line"], frame["name"]))
        elif kind := _KIND.match(line):  # a message may begin like one, but not with a name that only code has
            lines.append(kind[1])
    return Own("\n".join(lines))


def frame_of(file: str, line: str, name: str) -> str:
    """A line about a place in the code; of other people's code not even its name is told."""
    where = place(file)
    return f"  {ELSEWHERE}" if where == ELSEWHERE else f"  {where}:{line} in {_plain(name)}"


def place(file: str) -> str:
    """A file of the program as it lies within the program; of other people's only that it is one of those."""
    path = (PureWindowsPath if "\\" in file else PurePosixPath)(file)
    if _FROZEN.fullmatch(file):
        return file
    if not path.is_absolute():  # in what is installed they are known so
        return _plain(path.as_posix()) if is_installed() and ".." not in path.parts else ELSEWHERE
    for root in (Path(sys.prefix), app_root(), Path(sys.base_prefix)):
        if len(root.parts) > 1 and path.is_relative_to(root):
            return _plain(path.relative_to(root).as_posix())
    within = _LIBRARIES.fullmatch(file)
    return _plain(within[1].replace("\\", "/")) if within else ELSEWHERE


def _plain(word: str) -> str:
    return word if _PLAIN.fullmatch(word) else ELSEWHERE


def message_of(record: logging.LogRecord) -> str:
    """What a line of the log may say. To be asked while the code that logs it still runs."""
    if isinstance(record.msg, Own):
        return str(record.msg)
    if not _stands_in_the_code(record):
        return f"{LEFT_OUT} ({place(record.pathname)}:{record.lineno})"
    if not record.args:
        return record.msg
    try:
        return str(record.msg % value_of(record.args))
    except (TypeError, ValueError, KeyError):  # a number was wanted where nothing may be said
        return record.msg


def _stands_in_the_code(record: logging.LogRecord) -> bool:
    """Whether the words stand so in the code that logs them. What was put together there, or handed to it, does not."""
    frame: FrameType | None = sys._getframe()
    caller = record.pathname, record.lineno, record.funcName
    while frame is not None:
        code = frame.f_code
        if (code.co_filename, frame.f_lineno, code.co_name) == caller:
            return any(record.msg == words for words in code.co_consts if isinstance(words, str))
        frame = frame.f_back
    return False


def value_of(value: Any) -> Any:
    """What may be said of something that fills a place in a message."""
    small = isinstance(value, numbers.Integral) and abs(int(value)) <= _LONGEST
    if small or value is None or isinstance(value, Own | bool | enum.Enum | float):
        return value
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, Mapping):
        return {value_of(key): value_of(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return tuple(value_of(one) for one in value)
    return LEFT_OUT
