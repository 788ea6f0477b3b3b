"""Connections: how many clients are connected, and which of them the server had to end or let wait."""

from servescope.metrics.definitions.definition import Definition

CONNECTION_STATES = ("idle", "header", "body", "answering", "unread")
CLOSING_REASONS = ("header_timeout", "body_timeout", "answer_timeout", "no_descriptors")
ACCEPT_FAILURES = ("process_limit", "system_limit", "error")
FRONT_END_STATES = ("serving", "starting")
FRONT_END_ENDINGS = ("died", "hung")

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
    Definition(
        "servescope_front_ends", "gauge", "processes", ("state",),
        "With front_ends of 2 or more: processes that speak HTTP on the inference port, by whether they take connections.",
        "Read at scrape time.",
    ),
    Definition(
        "servescope_front_end_restarts_total", "counter", "restarts", ("reason",),
        "With front_ends of 2 or more: front ends that ended, and were replaced: died is a process that ended of itself or was"
        " killed; hung is one that did not answer for some seconds, and that the server killed.",
        "Counted when it has ended.",
    ),
    Definition(
        "servescope_front_end_lost_requests_total", "counter", "requests", ("reason",),
        "With front_ends of 2 or more: requests in hand, without a whole answer, when their front end ended, for one of"
        " those reasons. Their clients saw the connection end; elsewhere they are counted with code 502.",
        "Counted when it has ended.",
    ),
    Definition(
        "servescope_front_end_cpu_seconds_total", "counter", "seconds", ("front_end",),
        "With front_ends of 2 or more: processor time of each, by its number from 1, through all its processes. The server's own"
        " process is in process_cpu_seconds_total.",
        "Told each second, and at scrape time.",
    ),
    Definition(
        "servescope_front_end_polling_seconds_total", "counter", "seconds", ("front_end",),
        "With front_ends of 2 or more: processor time in which each looked for the answer to its only request instead of sleeping"
        " (worker_busy_poll), through all its processes: about as much of its processor time is no work.",
        "Told each second, and at scrape time.",
    ),
    Definition(
        "servescope_front_end_memory_bytes", "gauge", "bytes", ("front_end",),
        "With front_ends of 2 or more: resident memory of each, by its number from 1.", "Told each second, and at scrape time.",
    ),
)  # fmt: skip
