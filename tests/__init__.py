"""Tests. A package, because an installed distribution also brings a top-level `tests`."""
