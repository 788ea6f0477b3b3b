"""Real servers, real workers, real clients."""
