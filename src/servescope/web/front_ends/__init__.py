"""Several processes that speak HTTP on the inference port, and one, the owner, that has the models and all that is counted.

In: `front_ends=N`, the port's app, and its connections as the owner accepts them. Out: requests to that app, as if their clients
were connected to the owner, and its answers to them. A front end reads and writes HTTP, agrees on TLS, waits for slow clients, and
decides nothing: whatever is answered, the owner has answered, and counted. Begin at `crew`, which has them all; `front_end` is one
of them as the owner sees it, `desk` what its process says, `remote` a client's connection, `dealer` gives connections out, `shelf`
has large bodies; `child` is what runs in the process. `messages` has what the two say to each other.

- A connection is accepted by the owner, which sends its descriptor over the *deal*, a socket pair that outlives the process: what
  was dealt and not taken yet is its successor's.
- A request goes to the owner as a whole, over the *channel*, in a frame of `wire.frames`; what one turn of a loop has to say goes
  in one write.
- A large body lies in memory of its own (`wire.spooled`), whose descriptor comes by the *shelf*, another pair. A worker on this
  machine reads it there, and the owner reads no more of it than it must: a form's small parts, the name of an OpenAI model.
  When nobody reads it any more the owner says so (`Back`), and the front end writes the next body over it (`child.spares`).
- An answer goes back; when its last byte was handed to the system the front end says so (`Wrote`), and only then is it counted.
- When a front end dies, what was in hand ends as lost, but for answers that were written: how many these are stands in memory that
  both share (`written`).
"""
