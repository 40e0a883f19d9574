"""The lab: settings compared on one recording, and rules tried on one transcript."""

from typing import Any

import gradio as gr

from richspeech.console.page_load import PageLoad
from richspeech.console.sessions import Session
from richspeech.console.tab import Context, Shell
from richspeech.console.tabs.lab.compare import ComparePanel
from richspeech.console.tabs.lab.rule_trials import RuleTrials
from richspeech.console.tabs.lab.rules import RulesPanel


class LabTab:
    """Two parts that know of each other's rules only."""

    name = "lab"

    def __init__(self, context: Context, shell: Shell) -> None:
        self._context, self._widgets, self._shell = context, context.widgets, shell
        self._compare = ComparePanel(context)
        self._rules = RulesPanel(context, RuleTrials(context.service))

    def build(self) -> None:
        """Make both parts."""
        with gr.Tabs(elem_id="lab-parts", elem_classes="lab-parts"):
            with self._widgets.labelled(gr.Tab, "lab_compare", id="compare", render_children=True):
                self._compare.build()
            with self._widgets.labelled(gr.Tab, "lab_rules", id="rules", render_children=True):
                self._rules.build()

    @property
    def painted(self) -> list[Any]:
        """Whatever shows the experiment and the rules that were tried."""
        return [*self._compare.painted, *self._rules.painted]

    def wire(self) -> None:
        """Connect the buttons."""
        self._compare.wire(self._rules.editor)
        self._rules.wire(self._shell.place(self.name))

    def resume(self, page_load: PageLoad) -> None:
        """Go on where a reload broke off."""
        self._compare.resume(page_load)
        self._rules.resume(page_load)

    def paint(self, session: Session) -> list[Any]:
        """Draw both parts."""
        return [*self._compare.paint(session), *self._rules.paint(session)]
