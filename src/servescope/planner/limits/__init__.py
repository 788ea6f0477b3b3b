"""What saturates first: in, a server's own metrics before and after a load; out, its name and the figures. Pure. Begin at
`limit`.
"""
