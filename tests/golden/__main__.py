"""Writes the golden files anew: `python -m tests.golden`."""

from tests.golden.screens import SCREENS, file_of, seen_on

for name, screen in SCREENS.items():
    file_of(name).write_text(seen_on(screen), encoding="utf-8")
