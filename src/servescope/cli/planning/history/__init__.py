"""Plans from history: in, a Prometheus; out, an outlook, or a plan held against it. Begin at `past`."""
