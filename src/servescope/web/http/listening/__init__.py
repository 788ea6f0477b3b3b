"""Addresses: bound, encrypted, and who holds one that is taken. Begin at `listener`."""
