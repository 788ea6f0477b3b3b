"""What MANIFEST.json is made of."""
