"""Envelopes: in, the rows of a batch, in a form that a protocol prescribes; out, what a handler is given, and its answers in the
protocol's form again.

Begin at `handing`, which puts a handler behind them. `plain` and `kservev2` are TorchServe's four
(ts.torch_handler.request_envelope), `v2` is KServe's V2 protocol as its own clients speak it: `infer` reads a request,
`arriving` and `leaving` are its tensors.
"""
