"""How many workers a model wants, and why: in, what is measured of it; out, a count with its reason.

Pure: it knows neither loop nor HTTP nor processes, and the clock is an argument. Begin at `policy`, which asks four questions
(`staffing`: how many for this rate; `bursts`: how many for what came in bursts; `backlog`: how many for what has piled up;
`trend`: where it is going) and then `levels`, how long what was needed is kept. `simulator/` tries policies out in virtual
time.
"""
