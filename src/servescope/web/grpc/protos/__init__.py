"""Our own .proto files: what messages and services are on the wire, written once, for clients' compilers and for `schema`."""
