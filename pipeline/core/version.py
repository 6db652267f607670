"""The version of this software, and the one place that says it. CONTRIBUTING.md: Release."""

VERSION = "0.1.0"
