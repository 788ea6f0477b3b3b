"""The pool that knows the future: the fewest worker-seconds with which every request is in time that any pool could answer in
time.

In: a load and its terms. Out: a schedule (`schedule`), which costs a little more than the best there is, and a bound (`bound`)
below which none can cost, so that one sees how close it is. Begin at `schedule`.
"""
