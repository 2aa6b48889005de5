"""Who acts, what he may do, and how what he acts on is named: below every other room of the server.

It knows roles, units and the envelope of the wire; no rule of a case or a call, no storage.
"""
