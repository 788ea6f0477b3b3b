"""Tests of servescope.config."""
