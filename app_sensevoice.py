"""Starts the console: arguments → settings → models → API and page on one port."""

from richspeech.app import leave, main

if __name__ == "__main__":
    leave(main())
