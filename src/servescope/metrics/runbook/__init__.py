"""docs/runbook.md as it travels with the server: a page for the metrics port, and the first steps for each alert's text."""
