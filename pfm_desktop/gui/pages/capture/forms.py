"""What is asked on the Capture page beside an examination: the device, the plan, whose visit it is, the scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from pfm_desktop.gui.pages.capture.assign_form import AssignForm
from pfm_desktop.gui.pages.capture.device_form import DeviceForm
from pfm_desktop.gui.pages.capture.plan_form import PlanForm
from pfm_desktop.services.capture import config as devices
from pfm_desktop.support.errors import UserError
from pfm_desktop.viewmodels import capture_words as say

if TYPE_CHECKING:
    from pfm_desktop.domain.examination import Plan
    from pfm_desktop.gui.pages.capture.page import CapturePage
    from pfm_desktop.viewmodels.session import Session


class Forms(QObject):
    """Makes the forms and carries out what they are filled in with. `said(text)` for a person."""

    said = Signal(str)
    used = Signal()  # another device is used from now on

    def __init__(self, session: Session, page: CapturePage) -> None:
        super().__init__(page)
        self._session, self._page = session, page
        self.device = DeviceForm(page, demo=session.library.demo)
        self.plan, self.assign = PlanForm(page), AssignForm(session, page)
        self.device.chosen.connect(self._use_device)
        self.plan.saved.connect(self._save_plan)
        self.assign.done.connect(self._back)
        self.device.closed.connect(self._back)
        self.plan.closed.connect(self._back)
        self.assign.closed.connect(self._back)

    @property
    def all(self) -> tuple[QWidget, ...]:
        """Each of them."""
        return self.device, self.plan, self.assign

    def choose_device(self) -> None:
        """Ask which camera and lamp this workstation has."""
        self.device.begin(devices.load())
        self._page.show_step(self.device)

    def edit_plan(self) -> None:
        """Show the plan of the site, to be changed."""
        from pfm_desktop.services.capture import records

        try:
            plan = records.site_plan(self._session.library)
            problem = records.site_plan_problem(self._session.library)
        except UserError as error:
            self._session.say(error)
            return
        self.plan.begin(plan, may_change=self._session.library.no_editing, problem=problem)
        self._page.show_step(self.plan)

    def ask_whose(self) -> None:
        """Ask whose visit it is."""
        case = self._session.case
        if case is not None and case.patient.unassigned:
            self.assign.begin(case.visit.id)
            self._page.show_step(self.assign)

    def leave_visit(self) -> None:
        """Another visit is on the desk: nobody is asked whose the one before is."""
        if self._page.steps.currentWidget() is self.assign:
            self._back()

    def _back(self) -> None:
        self._page.show_step(self._page.examine)

    def _use_device(self, config: devices.DeviceConfig) -> None:
        try:
            devices.save(config)
        except UserError as error:
            self._session.say(error)
            return
        self._back()
        self.used.emit()
        self._page.open_again()

    def _save_plan(self, plan: Plan) -> None:
        from pfm_desktop.services.capture import records

        if self._session.perform(lambda lib: records.change_site_plan(lib, plan), undoable=False) is not None:
            self._page.examining.follow_plan(plan)
            self._back()
            self.said.emit(say.PLAN_SAVED)
