"""What a handler is given: in, a batch's requests off the wire; out, a row and a processor each. Begin at `rows`."""
