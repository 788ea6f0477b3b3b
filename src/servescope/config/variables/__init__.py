"""Environment variables: which override keys, and which look as if they did. Called by `load`."""
