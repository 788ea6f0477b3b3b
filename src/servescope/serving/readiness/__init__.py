"""What a start was asked for, what of it is there, and whether requests should be sent here.

In: the catalog, loads and their ends. Out: answers for probes, `status` and servescope_models_missing. Begin at `health`;
`survey` says it of each model, with reasons.
"""
