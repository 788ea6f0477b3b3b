"""`servescope workflow …`: packing workflows, and the management API's calls about them. Begin at `commands`."""
