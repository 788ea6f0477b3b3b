"""The policies that `servescope simulate` compares: this server's own, and the published ones with their published defaults.

In: a pool in virtual time, looked at every so many seconds. Out: a count of workers. Each is a file, whose docstring names the
source that it was written after; behaviour was taken over, no code. All start at the least number of workers and stay within the
same bounds; scaling to zero is left aside. Begin at `policy`.
"""
