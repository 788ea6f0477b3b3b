"""Traces: a request's times in, OpenTelemetry spans out to a collector. Optional: without it nothing of it is imported."""
