"""What becomes of config.yaml while somebody edits it on the page."""

from richspeech.access.principal import Scope
from richspeech.console.events import Wishes
from richspeech.console.tabs.settings.form import SettingsForm, changed
from richspeech.errors import AccessError, RichSpeechError
from richspeech.language.catalog import Notice
from richspeech.operations.caller import caller
from richspeech.service import Service
from richspeech.storage.settings_text import SettingsText

SAVED = ("risk", "highlights")
"""Groups that the page may write: they say how loud a warning is, and open no door."""


class SettingsEditing:
    """Edits the settings of a service; for all threads."""

    def __init__(self, service: Service) -> None:
        self._running, self._file = service.settings, service.rule_file

    @property
    def is_open(self) -> bool:
        """Whether the page shows settings to anybody: not where it lets strangers in."""
        return not self._running.server.lets_strangers_in

    @property
    def is_for_caller(self) -> bool:
        """Whether it shows them to whoever asks."""
        return self.is_open and caller().principal.may(Scope.ADMIN)

    def require_for_caller(self) -> None:
        """Raise ``AccessError`` for whom they are not."""
        if not self.is_for_caller:
            raise AccessError("access.role", role=caller().principal.role.notice)

    @property
    def may_save(self) -> bool:
        """Whether the settings let the page change config.yaml."""
        return self._running.page.may_save_rules

    def made(self, asked: Wishes, written: str) -> tuple[SettingsForm, Notice | None]:
        """Return what somebody has made of ``written``, and what became of a save.

        Without a text it is the file, as it is to be seen. Raises ``SettingsError`` for what is no
        text of settings, and ``OptionError`` for a change that no form of ours makes.
        """
        stored = SettingsText(self._file.whole())
        if asked.kind == "restore" or not written:
            return SettingsForm(stored.without_secrets(), stored, self._running), None
        text = SettingsText(written)
        for each in asked.changes:
            text = changed(text, (each.group, each.key), each.value)
        said = self._saved(text) if asked.kind == "save" else None
        return SettingsForm(text, stored, self._running), said

    def _saved(self, text: SettingsText) -> Notice:
        """Put the groups of rules into config.yaml, and say so, or why not."""
        if not self.may_save:
            return Notice("settings_may_not_save")
        try:
            self._file.change(lambda stored: SettingsText(stored).with_groups_of(text, SAVED).text)
        except RichSpeechError as error:
            return Notice.of(error)
        names = {"file": self._file.path.name, "backup": self._file.backup.name}
        return Notice("settings_saved", names)
