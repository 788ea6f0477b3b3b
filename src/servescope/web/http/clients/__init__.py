"""Who is connected to a port: how long they are waited for, and who has to go when file descriptors run out.

In: sockets, from `acceptor`, and what `connection` tells of itself. Out: connections that are given up, and the numbers of
`servescope_connections`. Begin reading at `clients`; `room` decides who goes, `rounds` looks once a second.
"""
