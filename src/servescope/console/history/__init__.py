"""What the console remembers: in, a snapshot every five seconds; out, an hour and a day of it, read by `views` and `findings`.

Begin at `kept`, which says what is kept, then `ring` and `memory`; `readings` answers questions about a stretch of time.
"""
