"""The management port: in, requests; out, calls of `serving.lifecycle`, and reports on models.

Begin at `api`. `model_reports` asks workers what they have to say of themselves.
"""
