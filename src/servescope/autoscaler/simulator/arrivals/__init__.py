"""When requests arrive: in, a pattern's name or a trace file; out, seconds since the beginning, in order.

Begin at `patterns` for what is made up and at `traces` for what is read; `clusters` spreads counts a minute within the minute.
"""
