"""KServe's V2 protocol on the inference port, which TorchServe calls the Open Inference Protocol.

Begin at `api`. `speakers` knows which models speak it, over gRPC too; `server` and `metadata` are what is told of the server and of
models, `face` is how refusals look. Tensors are the
workers' affair (`worker.envelopes.v2`).
"""
