"""Requests of a model that remembers: in, jobs that say which sequence they are of; out, batches with one of each, to its worker.

Begin at `queue`. A `sequence` is what is known of one, `open_sequences` all that have not ended, a `lane` those of one worker.
"""
