"""How many workers a model wants, and why: in, what is measured of it; out, a count with its reason.

Pure: it knows neither loop nor HTTP nor processes, and the clock is an argument. Begin at `scaler`, which takes the largest of what
`policy` and `counts/` ask for (concurrency, KV caches, GPUs), and keeps it within what `guards/` allow: numbers that are missing,
bounds, workers that do not load, a count set by hand, sleep.

`policy` is what the objective asks for. It has four questions (`staffing`: how many for this rate; `bursts`: how many for what came
in bursts; `backlog`: how many for what has piled up; `trend`: where it is going) and then `levels`, how long what was needed is
kept. `simulator/` tries policies out in virtual time.
"""
