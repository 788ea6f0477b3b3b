"""`metrics_mode=log` and `legacy`: each of TorchServe's writes also becomes a line of text.

In: the calls of `recording`, and collectors' readings. Out: lines for `logs.metric`. Begin at `recorder`, whose recorders are
subclasses of the plain ones, so that these pay nothing; `metric_lines` binds lines to series, `lines` words them.
"""
