"""The plan as one HTML file: in, a `Plan`; out, text that needs nothing else, no script and no network. Pure. Begin at `page`."""
