"""Rules of risk that come with the program, one file for each trade."""
