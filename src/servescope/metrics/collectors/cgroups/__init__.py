"""Cgroups, by their files: what this server's may use and uses, and where they are. Begin at `cgroup`."""
