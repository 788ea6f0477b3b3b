"""File systems: TorchServe's figures of the root, and the space of those that the server writes to. Begin at `disk`."""
