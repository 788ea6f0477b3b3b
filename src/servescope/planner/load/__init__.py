"""Open-loop load: in, a schedule of arrivals and a server's address; out, a `Trial`, what became of each request.

Begin at `driver`. `trial` and `schedule` are pure.
"""
