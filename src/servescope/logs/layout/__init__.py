"""How lines look: records, times and requests' targets in, text out. Pure. Begin at `formats`."""
