"""The inference port: in, requests; out, predictions, /ping, descriptions of models, KServe's v2 protocol.

Begin at `api`. `routes` reads paths, `prediction` follows one request from the queue to its last byte.
"""
