"""Rich speech transcription: words, language, emotion and audio events, each with its time."""
