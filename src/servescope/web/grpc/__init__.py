"""gRPC: TorchServe's inference and management services, and gRPC's own health check, beside HTTP on ports of their own.

A call in, its answer out: `listening` opens a port, `services` is what stands there, `call` keeps the books of each. What it does
is the same as over HTTP: the same catalog, queue, lifecycle and tokens. Imported by `server.grpc` alone, where gRPC is on.
"""
