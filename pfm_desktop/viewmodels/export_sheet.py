"""The pictures of a set for research while a person looks at them: what was seen, blanked, left out. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from pfm_desktop.domain.case import Picture
from pfm_desktop.domain.source import Source
from pfm_desktop.support import moments
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.viewmodels.words import capital

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels; right and bottom are not part of it
WIDEST = 2000  # pixels of the margin


@dataclass(frozen=True)
class SheetPicture:
    """A picture on the sheet; its size in pixels, upright."""

    id: str
    width: int
    height: int
    caption: str


@dataclass
class Sheet:
    """`boxes` by picture. A picture that cannot be shown was not looked at, and does not go out.

    `words`: boxes where the program found words, black as well unless they were taken away; a picture that is in
    `words` was looked through, found or not. `bare`: what was taken away, in order.
    Whatever lays something bare that was covered must be looked at again, and takes back what was said.
    """

    pictures: tuple[SheetPicture, ...]
    margin: int = 0
    boxes: dict[str, tuple[Box, ...]] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    unreadable: dict[str, str] = field(default_factory=dict)  # why, by picture
    seen: set[str] = field(default_factory=set)
    said: bool = False  # that she looked for words
    words: dict[str, tuple[Box, ...]] = field(default_factory=dict)
    bare: dict[str, tuple[Box, ...]] = field(default_factory=dict)
    with_words: set[str] = field(default_factory=set)  # pictures in which some were found, taken away or not
    cannot_look: str = ""  # why the program cannot look for words
    looking: bool = False  # the program looks for words: what goes out waits for it
    _out: frozenset[str] | None = field(default=None, repr=False)  # what goes out, while it is known

    def carry_on(self, before: Sheet) -> None:
        """Other visits were chosen: what was done with pictures holds, also of those that may come back."""
        self.margin, self._out = before.margin, None
        self.boxes, self.left_out, self.seen = dict(before.boxes), set(before.left_out), set(before.seen)
        self.words, self.bare, self.with_words = dict(before.words), dict(before.bare), set(before.with_words)
        self.said = before.said and before.pictures == self.pictures

    def saw(self, picture_ids: Iterable[str]) -> None:
        """These were in sight, whole and loaded."""
        self.seen |= set(picture_ids)

    @property
    def to_see(self) -> int:
        """How many were not in sight yet."""
        return len(self.goes_out - self.seen)

    @property
    def may_say(self) -> bool:
        """Whether all of the sheet was in sight."""
        return bool(self.goes_out) and not self.to_see

    def say(self, said: bool) -> None:
        """She says that she looked, or takes it back."""
        self.said = said and self.may_say

    @property
    def looked_at(self) -> bool:
        """Whether she said so and it holds still."""
        return self.said and self.may_say

    @property
    def goes_out(self) -> frozenset[str]:
        """Ids of the pictures that go out."""
        if self._out is None:  # asked for at each turn of the wheel
            self._out = frozenset(picture.id for picture in self.pictures if self._goes(picture))
        return self._out

    @property
    def boxes_that_go_out(self) -> Mapping[str, tuple[Box, ...]]:
        """The boxes of pictures that go out."""
        out = self.goes_out
        return {picture_id: own for picture_id, own in self.boxes.items() if picture_id in out}

    def use_margin(self, pixels: int) -> None:
        """Make this many pixels along each edge of each picture black."""
        pixels = max(0, min(pixels, WIDEST))
        if pixels < self.margin:
            self.seen, self.said = set(), False
        self.margin, self._out = pixels, None

    def covered(self, picture: SheetPicture) -> bool:
        """Whether the margin leaves nothing of it."""
        return 2 * self.margin >= min(picture.width, picture.height)

    def leave_out(self, picture_id: str, *, out: bool) -> None:
        """Leave a picture here, or let it go again."""
        self._out = None
        if out:
            self.left_out.add(picture_id)
        elif picture_id in self.left_out:
            self.left_out.discard(picture_id)
            self._look_again(picture_id)

    def add_box(self, picture: SheetPicture, box: Box) -> bool:
        """Make a box of a picture black, its corners in any order; False for one that covers nothing of it."""
        x, y = sorted((box[0], box[2])), sorted((box[1], box[3]))
        cut = (max(0, x[0]), max(0, y[0]), min(picture.width, x[1]), min(picture.height, y[1]))
        if cut[0] >= cut[2] or cut[1] >= cut[3]:
            return False
        self.boxes[picture.id] = (*self.boxes.get(picture.id, ()), cut)
        return True

    def take_box(self, picture_id: str) -> bool:
        """Take the last box of a picture away; False where there is none."""
        own = self.boxes.pop(picture_id, ())
        if len(own) > 1:
            self.boxes[picture_id] = own[:-1]
        if own:
            self._look_again(picture_id)
        return bool(own)

    def found_words(self, picture_id: str, boxes: tuple[Box, ...]) -> None:
        """The program looked through a picture. More is black than before: nothing is taken back."""
        if picture_id not in self.words:
            self.words[picture_id] = boxes
            if boxes:
                self.with_words.add(picture_id)

    @property
    def to_look_through(self) -> int:
        """How many pictures that go out the program did not look through yet."""
        return len(self.goes_out - self.words.keys())

    def take_words(self, picture_id: str, number: int) -> None:
        """A box of words found is none: lay bare what is under it, to be looked at again."""
        own = self.words[picture_id]
        self.words[picture_id] = own[:number] + own[number + 1 :]
        self.bare[picture_id] = (*self.bare.get(picture_id, ()), own[number])
        self._look_again(picture_id)

    def put_words_back(self, picture_id: str) -> bool:
        """Cover again what was laid bare last; False where nothing was."""
        own = self.bare.pop(picture_id, ())
        if len(own) > 1:
            self.bare[picture_id] = own[:-1]
        if own:
            self.words[picture_id] = (*self.words[picture_id], own[-1])
        return bool(own)

    @property
    def words_that_go_out(self) -> Mapping[str, tuple[Box, ...]]:
        """The boxes of words found of pictures that go out and were looked through."""
        out = self.goes_out
        return {picture_id: own for picture_id, own in self.words.items() if picture_id in out}

    @property
    def words_words(self) -> str:
        """How far the program has looked for words, and in how many pictures it found some."""
        if self.cannot_look:
            return tr("The program cannot look for words: {why}", why=self.cannot_look)
        waiting = self.to_look_through
        if waiting:
            return tr("The program looks for words: %n picture(s) to go.", "", waiting)
        count = len(self.goes_out & self.with_words)
        if not count:
            return tr("The program found no words; it misses some.")
        return tr("The program found words in %n picture(s); it misses some.", "", count)

    def cannot_show(self, picture_id: str, why: str) -> None:
        """A picture cannot be read: nobody can look at it."""
        self.unreadable[picture_id] = why
        self._out = None

    def state(self, picture: SheetPicture) -> str:
        """What is done with a picture, in words; "" where it goes out as it is."""
        if picture.id in self.left_out:
            return tr("left out")
        if picture.id in self.unreadable:
            return tr("cannot be read: left out")
        if self.covered(picture):
            return tr("all margin: left out")
        own, found = len(self.boxes.get(picture.id, ())), len(self.words.get(picture.id, ()))
        said = [tr("%n box(es)", "", own)] if own else []
        said += [tr("words found in %n place(s)", "", found)] if found else []
        return COMMA.join(said)

    @property
    def goes_out_words(self) -> str:
        """`7 of 9 pictures (2 left out)`."""
        out, whole = len(self.goes_out), len(self.pictures)
        if out == whole:
            return tr("%n picture(s)", "", whole)
        return tr("{out:,} of %n picture(s) ({left:,} left out)", "", whole, out=out, left=whole - out)

    @property
    def seen_words(self) -> str:
        """How far she has looked."""
        if not self.goes_out:
            return tr("No picture would go out.")
        if self.to_see:
            return tr("%n of them not in sight yet: scroll to the end.", "", self.to_see)
        return tr("All were in sight.")

    @property
    def why_not_yet(self) -> str:
        """What is still to be done; "" where nothing is."""
        if not self.goes_out:
            return tr("No picture would go out.")
        if self.to_see:
            return tr("Look at the pictures first: scroll through all of them.")
        if self.cannot_look:
            return self.words_words
        if not self.looked_at:
            return tr("Tick that you looked at the pictures.")
        return self.words_words if self.looking and self.to_look_through else ""

    def _goes(self, picture: SheetPicture) -> bool:
        return picture.id not in self.left_out and picture.id not in self.unreadable and not self.covered(picture)

    def _look_again(self, picture_id: str) -> None:
        self.seen.discard(picture_id)
        self.said = False


def shown(picture: Picture, day: date, *, words: bool = False) -> SheetPicture:
    """A picture as it stands on the sheet: day and stage, no name. `words`: its file said that words are in it."""
    what = tr("fluorescence") if picture.source is Source.FLUORESCENCE else picture.stage.words
    caption = f"{moments.day(day)}, {capital(what)}"
    if words:
        told = tr("Its file says that words are drawn into it: cover them, or it stays here")
        caption = f"{caption}. {told}"
    return SheetPicture(picture.id, picture.width, picture.height, caption)
