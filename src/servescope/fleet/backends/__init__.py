"""Where workers live. `process`: on this machine, the default."""
