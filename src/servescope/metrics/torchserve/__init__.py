"""TorchServe's face of the metrics: metrics.yaml, the metrics that handlers make through `context.metrics`, the metric modes.

In: the settings, and updates that workers send. Out: which families are shown and logged, and series of custom metrics. Begin
at `setup`.
"""
