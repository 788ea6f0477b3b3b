"""The writes of models whose requests are put together in other ways than plain batches. Begin at `batching`."""
