"""Tests of the `ts` package that handlers import."""
