"""Effects: one module for each outside thing, the only importer of its library.

A gateway translates to and from the core's records and raises the core's errors. It decides
nothing.
"""
