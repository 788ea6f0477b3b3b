"""From a request to a worker and back: catalog, queue and batches, and the life of a model from register to unregister."""
