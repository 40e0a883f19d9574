"""Words: sentences, hotwords, corrections, and how far two texts are apart."""
