"""How many workers a model wants, and why: in, what is measured of it; out, a count with its reason.

Pure: it knows neither loop nor HTTP nor processes, and the clock is an argument. Begin at `scaler`, which takes the largest of what
`policy` and `counts/` ask for (concurrency, KV caches, GPUs), and keeps it within what `guards/` allow: numbers that are missing,
bounds, workers that do not load, a count set by hand, sleep.

`policy` is what the objective asks for: of `regime` it learns at what rate requests come, of `outlook` what of that will last, of
`staffing` how many workers that needs and of `bursts` how many for what was more than chance, of `holds` for how long that is kept,
and of `backlog` what is worth starting for what waits. `simulator/` tries policies out in virtual time.
"""
