"""`servescope models …`: begin at `commands`."""
