"""How many workers the objective asks for: arrivals and service times in, a count with its reason out. Begin at `policy`."""
