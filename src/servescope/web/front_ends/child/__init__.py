"""What runs in a front end's process: connections of `web.http`, whose app is the owner at the other end of the channel.

In: descriptors of connections on the deal, the owner's answers. Out: whole requests to the owner, bytes to clients. Launched by
`process` as `python -m servescope.web.front_ends.child CHANNEL_FD DEALT_FD WRITTEN_FD SHELF_FD`. Begin at `serving`.
"""
