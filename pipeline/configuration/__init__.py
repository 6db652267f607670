"""The parts of the configuration: kinds of value, sections, layers, problems, rules.

`pipeline.config` loads it, `pipeline.settings` is what comes out.
"""
