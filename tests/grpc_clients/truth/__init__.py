"""The truth rig over gRPC: clients that keep books of their own, and what `/metrics` says of the same calls beside them."""
