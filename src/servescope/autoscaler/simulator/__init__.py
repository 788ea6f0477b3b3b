"""`servescope simulate`: policies tried out on a trace, in virtual time, before they are let loose on workers.

    arrivals, services → replay (a pool and a policy) → outcome → report, plot
                       → perfect (a schedule that knows the future, and a bound below which nothing can go)

In: when requests arrive and how long each takes. Out: what each policy would have cost, and how many requests would have been in
time. Begin at `compare`. Pure Python: nothing here opens a port, reads a clock or needs more than the standard library, but for
the plot.
"""
