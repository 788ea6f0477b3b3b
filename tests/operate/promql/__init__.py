"""Tests of the expression builder."""
