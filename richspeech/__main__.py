"""The command line: ``python -m richspeech COMMAND``."""

from richspeech.cli.app import start

if __name__ == "__main__":
    start()
