"""The boards, one a file, each a function that gives a `Board`: what is asked, in which order, and how to read the answer.

Called by `files`. They are functions, so that a board that names a family which the definitions lack fails where it is
made, and nothing is made at import.
"""
