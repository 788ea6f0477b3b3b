"""The command line: what a person types, turned into a running server or a call on its REST APIs."""
