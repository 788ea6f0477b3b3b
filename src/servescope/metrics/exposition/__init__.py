"""Renderers: from a registry to the bytes of a scrape, a slice at a time. Called by `web`."""
