"""The media engine: rooms, parties, tracks and bytes.

It forwards RTP between the parties of a room without decoding it and writes
what a party consented to into WebM files, also without decoding. It knows no
call, case, person or database: `media.client` is its face towards the server,
`media.node` the worker process behind it.
"""
