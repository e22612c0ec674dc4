"""Models: cards, the one in use, checking the weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.source import Source
from pfm_desktop.gui.pages.models import ModelsPage
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.model_card import ModelCard
from pfm_desktop.pfm.familiarity import fit_known, to_table
from pfm_desktop.pfm.model_file import CARD, MODEL, WEIGHTS, ModelFile, read_model_file, write_model_file
from pfm_desktop.pfm.model_tables import combinations_of
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.files import sha256_of
from pfm_desktop.support.paths import user_models_dir
from pfm_desktop.support.settings import load_settings
from pfm_desktop.viewmodels.model_cards import CardRow, card_rows
from pfm_desktop.viewmodels.session import Session
from pfm_desktop.viewmodels.words import capital

CARD_TEXT = "# Card of b\n\n[far](https://example.org) ![far](https://example.org/x.png) <b>html</b>"


def model(name: str, *, weights: bytes = b"weights") -> Path:
    folder = user_models_dir() / name
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(weights)
    spec = NetSpec(sources=(Source.WHITE, Source.FLUORESCENCE))
    triple, four = [0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5]
    content = ModelFile(
        name,
        "1.0",
        sha256_of(folder / WEIGHTS),
        spec,
        normalisation={source: {"mean": triple, "std": triple} for source in spec.sources},
        calibration={
            key: {"temperature": 1.0, "offsets": four, "thresholds": four, "cases": 9}
            for key in combinations_of(spec.sources)
        },
    )
    write_model_file(folder, content)
    return folder


@pytest.fixture
def page(qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelsPage]:
    from pfm_desktop.services import models

    monkeypatch.setattr(models, "model_dirs", lambda: (user_models_dir(),))
    model("model-a")
    (model("model-b") / CARD).write_text(CARD_TEXT, encoding="utf-8")
    (user_models_dir() / "model-c").mkdir()
    (user_models_dir() / "model-c" / MODEL).write_text("not toml [", encoding="utf-8")
    jobs = QtJobs()
    made = ModelsPage(session, jobs)
    qtbot.addWidget(made)
    made.show()
    made.entered()
    QApplication.processEvents()  # the cards take their places
    yield made
    jobs.wait_all(10)


def test_each_model_says_name_version_and_what_it_was_trained_on(page: ModelsPage) -> None:
    assert [card.row.name for card in page.cards] == ["model-a", "model-b", "model-c"]
    assert page.cards[0].row.label == "demonstration model, trained on phantoms"


def test_each_model_says_whether_it_tells_what_is_unlike_anything_it_learned_from(
    qtbot: QtBot, page: ModelsPage
) -> None:
    silent = "It does not say when a picture is unlike anything it learned from."
    assert [card.row.unlike for card in page.cards] == [silent, silent, ""]
    known = fit_known(np.eye(40), np.ones((500, 40)), accepted=0.9)
    folder = page.cards[0].row.path
    content = replace(read_model_file(folder), familiarity=to_table({"white": known, "fluorescence": known}))
    write_model_file(folder, content)
    told = "It says when a picture is unlike anything it learned from (white light + fluorescence)."
    assert [row.unlike for row in card_rows()] == [told, silent, ""]
    card = ModelCard(card_rows()[0])
    qtbot.addWidget(card)
    card.show()
    assert told in [label.text() for label in card.findChildren(QLabel) if label.isVisible()]


def test_a_model_without_answers_does_not_speak_of_their_familiarity(page: ModelsPage) -> None:
    folder = page.cards[0].row.path
    write_model_file(folder, replace(read_model_file(folder), can_grade=False))
    assert card_rows()[0].unlike == ""


def test_a_model_that_is_altered_while_it_is_listed_takes_no_other_from_the_list(
    page: ModelsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def altered(_name: str) -> ModelFile:
        raise ModelError("altered")

    monkeypatch.setattr("pfm_desktop.services.models.content_of", altered)
    assert [row.unlike for row in card_rows()] == ["", "", ""]
    assert [row.name for row in card_rows()] == ["model-a", "model-b", "model-c"]


def test_a_model_that_cannot_be_read_says_why_and_offers_nothing(page: ModelsPage) -> None:
    bad = page.cards[2]
    assert "Cannot be read" in bad.row.problem
    assert bad.row.problem.endswith(". Fetch the model again or choose another one.")
    assert bad.use.isHidden()
    assert bad.check.isHidden()


@pytest.mark.usefixtures("qtbot")
def test_use_this_model_is_kept_and_shown(qtbot: QtBot, page: ModelsPage) -> None:
    qtbot.mouseClick(page.cards[1].use, Qt.MouseButton.LeftButton)
    assert load_settings().model == "model-b"
    assert page.cards[1].badge.isVisible()
    assert not page.cards[0].badge.isVisible()


def test_the_card_is_shown_and_nothing_is_fetched_for_it(qtbot: QtBot, page: ModelsPage) -> None:
    qtbot.mouseClick(page.cards[1].read, Qt.MouseButton.LeftButton)
    assert "Card of b" in page.text.toPlainText()
    assert "<b>html</b>" in page.text.toPlainText()
    assert not page.text.openExternalLinks()
    assert page.text.loadResource(2, "https://example.org/x.png") is None


@pytest.mark.expects_logged_error
def test_a_card_that_cannot_be_shown_leaves_no_other_card_standing(
    page: ModelsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.choose(page.cards[1].row.path)
    assert "Card of b" in page.text.toPlainText()
    (page.cards[0].row.path / CARD).write_bytes(b"# Card \xff of a")
    page.choose(page.cards[0].row.path)
    assert page.text.toPlainText() == "Card \ufffd of a"

    def broken(_row: object) -> str:
        raise ValueError("whatever it is")

    monkeypatch.setattr("pfm_desktop.gui.pages.models.card_text", broken)
    page.choose(page.cards[1].row.path)
    assert page.text.toPlainText() == "The card of this model cannot be shown."


def test_of_two_versions_one_is_in_use_and_the_other_says_so(qtbot: QtBot, page: ModelsPage) -> None:
    twin = model("second")
    write_model_file(twin, replace(read_model_file(twin), name="model-b", version="0.9"))
    page.use("model-b")
    page.reread()
    old, new = page.cards[1], page.cards[2]
    assert (old.row.version, new.row.version) == ("0.9", "1.0")
    assert not new.badge.isHidden()
    assert old.badge.isHidden()
    assert old.use.isHidden()
    assert "leads to the model in" in old.row.hidden
    page.choose(old.row.path)
    assert "Card of b" not in page.text.toPlainText()
    page.choose(new.row.path)
    assert "Card of b" in page.text.toPlainText()


def test_what_is_said_of_a_model_keeps_its_name_as_it_is(qtbot: QtBot, page: ModelsPage) -> None:
    with qtbot.waitSignal(page.said) as said:
        page.use("model-b")
    assert capital(said.args[0]).startswith("From now on, model-b answers.")


def test_altered_weights_are_found(qtbot: QtBot, page: ModelsPage) -> None:
    card = page.cards[0]
    qtbot.mouseClick(card.check, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "what model.toml promises" in card.said.text())
    (card.row.path / WEIGHTS).write_bytes(b"others")
    qtbot.mouseClick(card.check, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: card.said.text().startswith("Problem:"))


def test_no_models_says_where_to_put_one(qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    from pfm_desktop.services import models

    monkeypatch.setattr(models, "model_dirs", lambda: ())
    page = ModelsPage(session, QtJobs())
    qtbot.addWidget(page)
    page.show()
    page.entered()
    assert str(user_models_dir()) in page.empty.text()
    assert page.empty.isVisible()


@pytest.mark.usefixtures("enter_key")
def test_tab_goes_through_the_cards_before_the_text_and_enter_presses(qtbot: QtBot, page: ModelsPage) -> None:
    page.reread()  # cards made anew come before the text as well
    page.entered()
    first = page.cards[0]
    qtbot.waitUntil(page.cards[1].check.isVisible)
    assert QApplication.focusWidget() is first.use
    passed = []
    for _ in range(7):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        passed.append(QApplication.focusWidget())
    second = page.cards[1]
    assert passed[:3] == [first.read, first.check, first.send]
    assert passed[3:7] == [second.use, second.read, second.check, second.send]
    while QApplication.focusWidget() is not page.text:
        assert page.isAncestorOf(QApplication.focusWidget())
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    page.use("model-a")
    page.entered()
    qtbot.waitUntil(page.cards[1].check.isVisible)
    assert QApplication.focusWidget() is page.cards[0].read, "the model in use has nothing to be chosen for"
    page.cards[1].read.setFocus()
    qtbot.keyClick(page.cards[1].read, Qt.Key.Key_Return)
    assert "Card of b" in page.text.toPlainText()


def test_a_model_in_use_that_cannot_answer_says_so_as_soon_as_the_page_is_opened(
    qtbot: QtBot, page: ModelsPage
) -> None:
    page.use("model-b")
    (page.cards[1].row.path / WEIGHTS).write_bytes(b"others")
    page.entered()
    qtbot.waitUntil(lambda: page.cards[1].said.text().startswith("Problem: "))
    assert page.cards[1].badge.text() == "in use, cannot answer"
    assert page.cards[0].said.isHidden(), "only the one in use is checked"


def test_a_model_in_use_that_is_whole_is_checked_without_a_word(qtbot: QtBot, page: ModelsPage) -> None:
    page.use("model-b")
    page.entered()
    qtbot.waitUntil(lambda: not page._jobs.busy)
    assert page.cards[1].said.isHidden()
    assert page.cards[1].badge.text() == "in use"


def test_a_folder_that_cannot_be_read_and_that_the_name_in_use_leads_to_says_so(qtbot: QtBot, page: ModelsPage) -> None:
    page.use("model-b")
    (user_models_dir() / "model-b" / MODEL).write_text("not toml [", encoding="utf-8")
    page.entered()
    broken = {card.row.name: card for card in page.cards if not card.row.version}
    assert set(broken) == {"model-b", "model-c"}
    assert broken["model-b"].badge.text() == "in use, cannot answer"
    assert not broken["model-b"].badge.isHidden()
    assert broken["model-c"].badge.isHidden()


def test_a_card_says_why_its_model_may_not_be_chosen_here(qtbot: QtBot) -> None:
    row = CardRow("ours", Path("ours"), "1", "local model", usable=True, sha256="a" * 64)
    card = ModelCard(row)
    qtbot.addWidget(card)
    card.show()
    card.set_standing("ours was learned from this library and is rolled back")
    assert card.standing.text() == "Ours was learned from this library and is rolled back."
    card.set_used(False)
    assert not card.use.isVisible()
    card.set_standing("")
    assert card.use.isVisible()
    assert not card.standing.isVisible()
