"""What outlives a server. In: the catalog, and word of each change. Out: what a snapshot says of the models, and what a start that
goes on from one is to load. `server.snapshots` and `server.service` call it; the files are `config.snapshots`'.
"""
