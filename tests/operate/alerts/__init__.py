"""Tests of the alerts, in promtool."""
