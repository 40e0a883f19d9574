"""Sentiment of words: a text classifier."""
