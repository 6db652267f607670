"""What can be set, from where, and what is refused. `loading.load_settings` is the way in.

From the bottom up: `flags` (names, imports nothing heavy), `kinds` (of values), `sections`,
`settings`, `sources` (file, environment, flags), `problems` (in words), `rules` (across keys).
"""
