"""Counts what an endpoint was asked and answered. Runs in training, evaluation and monitoring jobs.

numpy, pandas and the standard library only. A window is integers on the bins of a baseline: they
add up exactly, whatever the order of the rows and the number of machines.
"""
