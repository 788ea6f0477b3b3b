"""Tests of servescope.tracing."""
