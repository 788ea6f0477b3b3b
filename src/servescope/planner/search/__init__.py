"""The highest rate that keeps an objective: in, a way to measure a rate; out, an `Edge`, with its interval.

Begin at `search`, which climbs, bisects and repeats; `edge` is the statistics.
"""
