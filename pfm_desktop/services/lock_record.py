"""The first-read lock and when readers see the AI, in the audit trail: choices of a site, settings of this computer.

They are on record in each library that they hold for. In one with accounts, when readers see the AI is what somebody
who may switched in it last: what was chosen elsewhere, with another library open, says nothing there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pfm_desktop.domain.labelling import AiShown
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library

WHAT = "setting"
_ELSEWHERE = "; it was switched elsewhere"


@dataclass(frozen=True)
class SiteChoice:
    """A setting that is changed only where that goes on record.

    `key`: its name in `Settings` and in the trail. `field`: where a line keeps what was chosen. `words`: by what can be
    chosen, what became of it. A library in which nothing was said began with `begins`.
    """

    key: str
    name: str
    field: str
    words: Mapping[object, str]
    begins: object

    def said(self, chosen: object) -> str:
        """What became of it, in words."""
        return self.words.get(chosen, f"set to {chosen}")


LOCK = SiteChoice("first_read_lock", "First-read lock", "on", {True: "switched on", False: "switched off"}, True)
AI = SiteChoice(
    "ai_shown",
    "AI answers in Annotate",
    "ai_shown",
    {
        AiShown.HIDDEN.value: "set to stay hidden",
        AiShown.AFTER.value: "set to be shown after the grade",
        AiShown.BEFORE.value: "set to be shown before the grade where the task says so",
    },
    AiShown.HIDDEN.value,
)
MODEL = SiteChoice("model", "Model that answers", "model", {}, "pfm-demo")
MINUTES = SiteChoice("lock_minutes", "Minutes to the lock", "lock_minutes", {}, 10)
CHOICES = (LOCK, AI)  # of the site: what may be switched where that goes on record


def record_switch(lib: Library, choice: SiteChoice, chosen: object) -> None:
    """Put on record what was chosen, by `lib.who`."""
    lib.record_event(WHAT, choice.key, f"{choice.name} {choice.said(chosen)}", {choice.field: chosen})


def record_difference(lib: Library, choice: SiteChoice, chosen: object) -> bool:
    """Put on record that a choice is another one than this library last knew; whether there was a difference.

    It can be changed while another library is open, or in the settings file itself.
    """
    if on_record(lib, choice) == chosen:
        return False
    said = f"{choice.name} found {choice.said(chosen)} when the library was opened{_ELSEWHERE}"
    lib.record_event(WHAT, choice.key, said, {choice.field: chosen})
    return True


def on_record(lib: Library, choice: SiteChoice, *, switched_here: bool = False) -> object:
    """What was chosen when it was last put on record; `switched_here`: by somebody who switched it in this library."""
    with lib.read() as session:
        last = journal.last(session, what=WHAT, key=choice.key, unless=_ELSEWHERE if switched_here else "")
    if last is None:
        return choice.begins
    if last.new is not None:
        return last.new.get(choice.field, choice.begins)
    # lines of older versions say it in words only
    return next((chosen for chosen, words in choice.words.items() if last.text.endswith(words)), choice.begins)
