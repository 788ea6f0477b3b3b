"""Tests of servescope.serving."""
