"""How many workers a model wants, and why: in, what is measured of it; out, a count with its reason.

Pure: it knows neither loop nor HTTP nor processes, and the clock is an argument. Begin at `policy`. It asks `regime` at what rate
requests come and `outlook` what of that will last, `staffing` how many workers that needs and `bursts` how many for what was more
than chance, `holds` for how long that is kept, and `backlog` what is worth starting for what waits. `simulator/` tries policies
out in virtual time.
"""
