"""What runs inside SageMaker's containers; the part of the project a user may replace.

`train.py`, `evaluate.py`, `inference.py` and `monitor.py` are the entry points and lie at the root
of the code bundle; the other modules are imported by them and stay in this package.
"""
