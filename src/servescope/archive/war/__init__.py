"""Workflow archives, `.war`: found by URL, unpacked and described. `packing.workflow` writes them. Begin at `archive`."""
