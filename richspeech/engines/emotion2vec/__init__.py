"""emotion2vec: nine emotions over time; a second opinion beside the recogniser."""
