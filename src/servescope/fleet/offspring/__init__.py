"""The processes that a server starts, as far as their end goes: none outlives the server, and none is left as a zombie.

`family` knows them and has a `watcher`, a process that ends them when the server is gone; `strays` ends what is left all the
same when the next server starts; `orphans` reaps what a process 1 is given. Begin at `family`.
"""
