"""What a server is operated with, generated from `metrics.definitions`: rules, routes of alerts, boards, manifests for a cluster.

In: the definitions, a thresholds file. Out: files, which `servescope prometheus`, `grafana` and `kubernetes` write. No server
need run, and nothing of the runtime is imported.
"""
