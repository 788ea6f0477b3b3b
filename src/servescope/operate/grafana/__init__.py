"""Grafana's boards and provisioning: in, the form of the histograms, a data source; out, files as text by relative path.

`files.grafana_files` is called by `cli.monitoring.grafana`. A board is data (`panel`, `board`), written in `boards` with `promql`'s
expressions, so that it cannot name a metric or a label that does not exist; `draw` and `encode` make Grafana's JSON of
it with grafana-foundation-sdk.
"""
