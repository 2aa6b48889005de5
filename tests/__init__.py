"""Tests. This folder and each folder in it is a package, or `tests/media` would hide `media`."""
