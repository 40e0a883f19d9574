"""From a file to sound: reading, decoding, voice activity, peaks, clips."""
