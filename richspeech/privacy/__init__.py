"""Personal data in transcripts: found in the words, and masked by kind."""
