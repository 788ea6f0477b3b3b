"""The server that is planned for: in, options; out, its APIs, its metrics, how its other models fare. Begin at `site`."""
