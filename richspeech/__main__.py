"""The command line: ``python -m richspeech COMMAND``."""

from richspeech.cli.app import main

if __name__ == "__main__":
    raise SystemExit(main())
