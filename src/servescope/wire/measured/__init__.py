"""What handlers measure on its way to the front end: memory that a worker and the front end share.

In: writes of `worker.measuring`. Out: `MetricUpdate`s, for the front end. Nothing is sent: the worker adds to numbers in the
memory, or puts lines into it, and the front end reads them there whenever it likes, also after the worker has died. Begin at
`memory`; `records` and `folded` are the numbers, `lines` the lines of the modes that log.
"""
