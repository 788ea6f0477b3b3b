"""What runs in a worker process, and only there: load a handler, give it batches, send its answers back."""
