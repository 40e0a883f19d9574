"""emotion2vec: speech emotion recognition, nine emotions over time."""
