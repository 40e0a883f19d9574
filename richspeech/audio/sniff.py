"""Whether something holds sound, told by its content: whatever opens and gives some can be read."""

from av.audio.stream import AudioStream

from richspeech.audio.container import DECODER_ERRORS, AudioLimits, Source, open_container
from richspeech.errors import AudioError

UNLIMITED = AudioLimits(max_bytes=2**63, max_seconds=float("inf"))
"""What is too big is said by whoever opens it, not passed over here."""

MOST_PACKETS = 100
"""Within which sound has to come: a file that is none may look like one for a moment."""


def holds_sound(source: Source) -> bool:
    """Open a file as a recording is opened, with the same guards, and decode its first sound."""
    try:
        with open_container(source, UNLIMITED) as opened:
            stream = opened.container.streams.best("audio")
            if not isinstance(stream, AudioStream) or stream.codec_context is None:
                return False
            for number, packet in enumerate(opened.container.demux(stream)):
                if any(frame.samples for frame in packet.decode()):
                    return True
                if number >= MOST_PACKETS:
                    return False
    except (AudioError, *DECODER_ERRORS):
        return False
    return False
