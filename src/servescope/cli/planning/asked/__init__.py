"""What is asked of a plan: in, the command line; out, values. Begin at `options`."""
