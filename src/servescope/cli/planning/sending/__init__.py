"""What is sent: in, files, lengths in tokens, traces; out, whole requests as bytes. Begin at `payloads`."""
