"""The process around a server: in, settings; out, an exit status.

Begin at `serve`: limits, logs, the loop. `signals` says what the process is told by signals, `threads` does what blocks.
"""
