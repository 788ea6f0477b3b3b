"""Who may see and do what: in, a request's Host, Origin, token and cookie; out, nothing, or an error.

Asked by `api` for each request.
"""
