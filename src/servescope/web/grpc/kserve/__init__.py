"""KServe's V2 protocol over gRPC: the same models and tensors as over REST (`web.kserve`), in protobuf in place of JSON.

Begin at `service`. `asking` makes of a request what workers know, `telling` makes of their answers what clients know, both by
`contents`, which are a tensor's elements. A worker is sent the protocol's own form, JSON with the elements in binary behind it.
"""
