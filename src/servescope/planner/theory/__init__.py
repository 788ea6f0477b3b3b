"""What queueing theory says of a pool of workers: in, rates, service times, counts; out, shares of requests that are late.

Pure. `mmc` for exponential service times, `mdc` for constant ones, `pooling` for what lies between; `pool` tries a pool out in
virtual time. Used by `law`, and by the tests, which hold the search against it.
"""
