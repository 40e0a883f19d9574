"""Audio: decoding, voice activity detection, waveform peaks, clips."""
