"""A worker of several processes, each with a share of the model: in, what a worker is started with; out, its ranks.

`python -m servescope.worker.ranks` is what the front end launches in place of `servescope.worker`: torchrun's agent, which starts
the ranks (`rank`) and ends them all when one does. Rank 0 has the front end's channel, and passes on what the others are to have
(`channels`). `handover` gives each rank its descriptors, which torchrun does not hand down.
"""
