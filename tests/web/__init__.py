"""Tests of servescope.web."""
