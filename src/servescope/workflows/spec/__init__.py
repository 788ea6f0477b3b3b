"""A workflow's specification: its YAML in, options of its nodes and their graph out, or what is wrong with it. Pure.

Begin at `spec`.
"""
