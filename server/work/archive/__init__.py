"""The archive package of a case: its file, and the program in it that checks it."""
