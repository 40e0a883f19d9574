"""What is heard step by step, without what is personal."""

from dataclasses import replace

from richspeech.model.transcript import Segment, Transcript
from richspeech.operations.caller import caller
from richspeech.privacy.mask import mask, mask_document
from richspeech.recognition.live import Event, Final, Finished, Interim
from richspeech.recognition.pipeline import Progress
from richspeech.settings import PrivacySettings


def masks_for_caller(privacy: PrivacySettings) -> bool:
    """Tell whether whoever asked for what goes on here sees masked words alone."""
    return caller().principal.masks or not privacy.keep_originals


def masked_progress(progress: Progress, privacy: PrivacySettings) -> Progress:
    """Return a step whose transcript is masked; parts that others go on from stay as heard."""
    document = mask_document(progress.document, privacy.kinds)
    transcript = document.uncorrected
    count = len(progress.new)
    return replace(
        progress,
        transcript=transcript,
        new=transcript.segments[len(transcript.segments) - count :] if count else (),
        measured=None if progress.measured is None else document.measured,
        edits=document.edits,
    )


def masked_event(event: Event, privacy: PrivacySettings) -> Event:
    """Return what is told of live words, each segment masked by itself."""
    if isinstance(event, Finished):
        return replace(event, progress=masked_progress(event.progress, privacy))
    if isinstance(event, (Interim, Final)):
        return replace(event, segment=_masked(event.segment, privacy))
    return event


def _masked(segment: Segment, privacy: PrivacySettings) -> Segment:
    alone = Transcript(segment.end, 0.0, "", "", (segment,))
    return mask(alone, privacy.kinds).segments[0]
