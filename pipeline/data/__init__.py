"""Reads a data file, decides once what it holds, and divides it: pure, bytes in, bytes out."""
