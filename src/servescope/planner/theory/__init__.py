"""What queueing theory says of a pool of workers: in, rates, service times, counts; out, shares of requests that are late.

Pure. `mmc` is M/M/c; `tail` is how its late requests grow with the rate, which `search.edge` leans on; `pooling` is how full
workers may be by their count, which `plan.law` leans on.
"""
