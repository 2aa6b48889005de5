"""The commands of the command line, a module a subject; `server.__main__` joins them."""
