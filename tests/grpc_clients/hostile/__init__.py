"""Clients that send too much, leave, read slowly, or send what is none."""
