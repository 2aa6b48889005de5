"""Coded pictures and sound, read as bytes: nothing is decoded, and no library is asked."""
