"""The keys of the page that is in front, in groups, as they are shown on ?."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pfm_desktop.support.language import tr

EVERYWHERE = tr("Everywhere")
PICTURES = tr("On the pictures")
NO_OWN = tr("No keys of its own: Tab goes from one control to the next, Space and Enter press.")
# what lists and fields of a page do by themselves; Escape leads back from all that stand behind another page
_BY_THEMSELVES: dict[str, tuple[tuple[str, str], ...]] = {
    tr("Today"): (
        (tr("Enter", "key"), tr("Open the visit on which the list stands")),
        (tr("Up, Down, Page Up, Page Down"), tr("Move in the list, from the search field too")),
        (tr("Escape", "key"), tr("Clear the search: all visits again")),
    ),
    **dict.fromkeys(
        (tr("Import"), tr("Export"), tr("Fine-tune"), tr("Histology"), tr("Audit trail")),
        ((tr("Escape", "key"), tr("Back")),),
    ),
}


@dataclass(frozen=True)
class KeyLine:
    """`keys` as this system writes them, and what they do."""

    keys: str
    what: str


@dataclass(frozen=True)
class KeyGroup:
    """Keys that act in one place."""

    title: str
    lines: tuple[KeyLine, ...]


def groups_of(
    title: str,
    own: Sequence[tuple[str, str]],
    stage: Sequence[tuple[str, str]],
    window: Sequence[tuple[str, str]],
) -> tuple[KeyGroup, ...]:
    """Groups of the page `title`: its own keys, those that its pictures take by themselves (none: no pictures), and
    those that act everywhere. Each is keys and words; what a command of the page says already is not said again."""
    mine = [KeyLine(keys, what.strip()) for keys, what in own if keys]
    mine += [KeyLine(keys, what) for keys, what in _BY_THEMSELVES.get(title, ())]
    said = {line.what.casefold() for line in mine} | {line.keys for line in mine}
    more = [KeyLine(keys, what) for keys, what in stage if what.casefold() not in said and keys not in said]
    rest = [KeyLine(keys, what.strip()) for keys, what in window if keys]
    first = KeyGroup(title, tuple(mine) or (KeyLine("", NO_OWN),))
    groups = first, KeyGroup(PICTURES, tuple(more)), KeyGroup(EVERYWHERE, tuple(rest))
    return tuple(group for group in groups if group.lines)


def in_columns(groups: Sequence[KeyGroup], count: int) -> tuple[tuple[KeyGroup, ...], ...]:
    """The groups in at most `count` columns of about the same length; a group that is divided goes on under its title
    in the next one."""
    lines = [(group.title, line) for group in groups for line in group.lines]
    height = -(-(len(lines) + len(groups)) // max(1, count))
    columns: list[list[tuple[str, KeyLine]]] = [[]]
    used, last = 0, ""
    for title, line in lines:
        heading = int(title != last or not columns[-1])
        if columns[-1] and used + heading + 1 > height + 1 and len(columns) < count:
            columns.append([])
            used, heading = 0, 1
        columns[-1].append((title, line))
        used, last = used + heading + 1, title
    return tuple(_joined(column) for column in columns)


def _joined(column: Sequence[tuple[str, KeyLine]]) -> tuple[KeyGroup, ...]:
    titles = dict.fromkeys(title for title, _ in column)
    return tuple(KeyGroup(title, tuple(line for of, line in column if of == title)) for title in titles)


GUIDE_KEYS = (
    "# All keys\n\n"
    "Made by `docs/user/make_pictures.py` from the program itself: these are the keys it comes with. Settings changes "
    "them; `?` shows those that hold on your computer."
)


def markdown_of(rows: Sequence[tuple[str, str, str]], stage: Sequence[tuple[str, str]]) -> str:
    """The page of all keys in the user guide. `rows`: group, keys, words; `stage`: keys and words of the pictures."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for group, keys, words in rows:
        groups.setdefault(group, []).append((keys, words))
    window = groups.pop("Window", [])
    made = [GUIDE_KEYS]
    for title, own in groups.items():
        more = stage if title == "Review" else ()
        for one in groups_of(title, own, more, ()):
            name = f"{one.title} of {title}" if one.title == PICTURES else one.title
            made.append(_table(name, one.lines))
    made.append(_table(EVERYWHERE, [KeyLine(keys, words) for keys, words in window]))
    return "\n\n".join(made) + "\n"


def _table(title: str, lines: Sequence[KeyLine]) -> str:
    rows = "\n".join(f"| {_code(line.keys)} | {line.what} |" for line in lines if line.keys)
    return f"## {title}\n\n| Keys | What they do |\n|---|---|\n{rows}"


def _code(keys: str) -> str:
    return " or ".join(f"`{part}`" for part in keys.split(" or "))
