"""Large bodies in memory of their own, which goes from process to process by its descriptor: none of them copies it for another.

A front end's process writes a body as it comes in (`body`). The owner has its descriptor, and reads no more of it than it must. A
worker on the same machine is told where it lies, and reads it there (`placing`), in its time (`lent`). What becomes of the memory
then, and whether another body may be written over it, is `memory`'s to say.
"""
