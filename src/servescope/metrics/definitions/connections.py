"""Connections: how many clients are connected, and which of them the server had to end or let wait."""

from servescope.metrics.definitions.definition import Definition

CONNECTION_STATES = ("idle", "header", "body", "answering", "unread")
CLOSING_REASONS = ("header_timeout", "body_timeout", "answer_timeout", "no_descriptors")
ACCEPT_FAILURES = ("process_limit", "system_limit", "error")

CONNECTIONS = (
    Definition(
        "servescope_connections", "gauge", "connections", ("listener", "state"),
        "Connections that are open, by what they are at. idle: between two requests; header: no whole header has come yet, TLS"
        " included; body: a body has not; answering: a request is in the server's hands; unread: an answer waits for its client to"
        " take it.", "Read at scrape time.",
    ),
    Definition(
        "servescope_connections_closed_total", "counter", "connections", ("listener", "reason"),
        "Connections that the server ended of its own accord: their client took longer than client_header_timeout or"
        " client_body_timeout (header_timeout, body_timeout, and answer_timeout where it did not take its answer), or their file"
        " descriptors were needed (no_descriptors).", "Counted when they are ended.",
    ),
    Definition(
        "servescope_accept_failures_total", "counter", "failures", ("listener", "reason"),
        "Times that a port could take no further connection for want of file descriptors, and let those that came wait:"
        " process_limit is ulimit -n, less what is kept for operators and workers; system_limit the whole system's;"
        " error is any other, which ts_log.log names.",
        "Counted each time that the port begins to let them wait.",
    ),
)  # fmt: skip
