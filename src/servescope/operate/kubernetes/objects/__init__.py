"""Kubernetes objects, one kind a file: in, a `Deployed`; out, dictionaries, which `files` writes as YAML."""
