"""What else asks for workers, beside the policy: in, one signal over time; out, a count of workers.

Called by `scaler`, which takes the largest. Begin at `counts`.
"""
