"""The history: transcripts that stay, to be searched, opened, corrected and deleted."""
