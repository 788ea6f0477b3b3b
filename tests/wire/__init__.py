"""Tests of servescope.wire."""
