"""Real servers, real workers, real clients.

`commands`: what people type. `ports`: connections, whoever is on them. `inference`, `management`, `metrics`: the APIs. `loading`:
archives, and models that come up or do not. `process`: how a server starts, what signals do, how it and its workers end. The files
beside these rooms are what tests share, here and in `llm`, `operate` and `truth`.
"""
