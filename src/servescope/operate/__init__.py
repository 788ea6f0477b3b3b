"""What a server is operated with, generated from `metrics.definitions`: Prometheus' rules, Alertmanager's routes, boards.

In: the definitions, a thresholds file. Out: files, which `servescope prometheus` and `servescope grafana` write. No server
need run, and nothing of the runtime is imported.
"""
