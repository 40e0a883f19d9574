"""Rules that somebody tries on what was heard, and may save."""

from dataclasses import dataclass

from richspeech.access.principal import Scope
from richspeech.errors import RichSpeechError
from richspeech.jobs.transcribe import Transcription
from richspeech.language.catalog import Notice
from richspeech.model.transcript import Transcript
from richspeech.operations.caller import caller
from richspeech.service import Service
from richspeech.stages.relabelling import Change, try_rules
from richspeech.storage.rule_file import read_rules, rules_text


@dataclass(frozen=True)
class RuleTrial:
    """The rules as they were last tried or saved, and what became of them."""

    text: str
    problem: Notice | None = None
    """Why they are no rules, or were not saved."""
    changes: tuple[Change, ...] | None = None
    """What they do to the transcript; None when there was none to try them on."""
    segments: int = 0
    """Of the transcript."""
    is_saved: bool = False


class RuleTrials:
    """Where rules are tried and saved; for all threads."""

    def __init__(self, service: Service) -> None:
        self.file = service.rule_file
        self._transcribers, self._settings = service.transcribers, service.settings

    @property
    def may_save(self) -> bool:
        """Whether the settings let whoever comes to the page change config.yaml, if an admin."""
        settings = self._settings
        is_allowed = settings.page.may_save_rules and not settings.server.lets_strangers_in
        return is_allowed and caller().principal.may(Scope.ADMIN)

    def current_text(self) -> str:
        """Return the rules that hold now, as config.yaml has them, with its comments."""
        rules = self._transcribers.rules
        try:
            text = self.file.text()
            return text if read_rules(text) == rules else rules_text(rules)
        except RichSpeechError:  # the file has become something else since the start
            return rules_text(rules)

    def attempt(self, text: str, job: Transcription | None) -> RuleTrial:
        """Try rules on the transcript of ``job``; nothing is recognised."""
        heard = recognised_in(job)
        try:
            rules = read_rules(text)
        except RichSpeechError as error:
            return RuleTrial(text, Notice.of(error))
        if heard is None:
            return RuleTrial(text)
        return RuleTrial(text, None, try_rules(heard, rules), len(heard.segments))

    def save(self, text: str, job: Transcription | None) -> RuleTrial:
        """Put rules into config.yaml, and have every engine follow them from now on."""
        if not self.may_save:
            return RuleTrial(text, Notice("lab_may_not_save"))
        try:
            rules = self.file.save(text)
        except RichSpeechError as error:
            return RuleTrial(text, Notice.of(error))
        self._transcribers.use_rules(rules)
        tried = self.attempt(text, job)
        return RuleTrial(text, None, tried.changes, tried.segments, is_saved=True)


def recognised_in(job: Transcription | None) -> Transcript | None:
    """Return what a job heard, without what a person corrected; None before it is over."""
    document = job.document if job is not None and job.is_over else None
    return document.uncorrected if document else None
