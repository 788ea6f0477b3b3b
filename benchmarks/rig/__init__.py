"""What benchmarks share: servers to start, loads to drive, and what they read of processes. Begin at `servers` and `load`."""
