"""Requests of one model on their way to its workers: in, jobs; out, batches, and answers to whoever waits.

Begin at `dispatcher`. A `job` is one request, a `batch` what a worker is given at once, `pieces` a streamed answer.
"""
