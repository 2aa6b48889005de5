"""Rooms of parties: who receives what, who may be believed, what is recorded."""
