"""Keeps the embedded AWS over a restart: snapshots on disk, and what is restored from them."""
