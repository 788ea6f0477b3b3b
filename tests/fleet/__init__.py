"""Tests of servescope.fleet."""
