"""Starts the console: ``python app_sensevoice.py``, the same as ``python -m richspeech serve``."""

import sys

from richspeech.cli.app import main
from richspeech.cli.terminal import leave

if __name__ == "__main__":
    leave(main(["serve", *sys.argv[1:]]))
