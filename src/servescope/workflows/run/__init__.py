"""One request through a workflow: its row in; calls of its nodes' models, one answer or one error, and where its time went, out.

Begin at `run`. An `attempt` asks one node once; `path` says which nodes the answer waited for; `rows` and `answer` are what goes in
and out. No task is made, and no future: it is calls from one reply to the next request.
"""
