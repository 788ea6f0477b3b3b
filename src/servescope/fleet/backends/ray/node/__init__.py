"""What runs on the nodes: an actor a worker, with the model's files unpacked, and who cleans up after it. Begin at `actor`."""
