"""AWS on this machine: a separate program that the pipeline meets only over HTTP."""

__version__ = "1.0"
