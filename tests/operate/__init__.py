"""Tests of what a server is operated with."""
