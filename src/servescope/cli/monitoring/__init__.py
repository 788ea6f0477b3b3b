"""Commands about what is measured, and by whom: the families, and configuration for Prometheus and Grafana.

In: options. Out: text and files that `operate` and `metrics` generate. Nothing here needs a server that runs.
"""
