"""Where a model's workers run, and what they take there: processes here, GPUs of this machine, nodes of a Ray cluster.

In: the sections `ray` and `torchrun` of model-config.yaml, its `backend`, the settings. Out: options. Begin at `devices`.
"""
