"""The truth rig: clients that keep books of their own, and what `/metrics` says of the same requests beside them."""
