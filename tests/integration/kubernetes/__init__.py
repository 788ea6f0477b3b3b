"""What `servescope kubernetes` writes, run without a cluster."""
