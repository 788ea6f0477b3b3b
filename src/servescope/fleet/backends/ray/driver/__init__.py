"""The Ray driver of a front end, a process: in, `messages` of its `driver_process`; out, actors, and what becomes of them.

Only `cluster` knows ray's interface; `missing` and `words` say what is wrong. Begin at `__main__`.
"""
