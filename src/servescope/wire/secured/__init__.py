"""TLS between the front end and workers on other machines: in, PEM files of either side; out, contexts that know each other.

Begin at `files`; `pem` says what is wrong with a file, also for the ports of the server (`web.http.listening.tls`).
"""
