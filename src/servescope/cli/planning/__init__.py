"""`servescope plan`: in, options and a running server; out, a plan. Begin at `command`; what is pure is in `planner`."""
