"""Tests of the boards and of what Grafana is provisioned with."""
