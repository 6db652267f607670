"""What a run does, in straight lines: each step takes records, uses gateways, returns records.

Decisions are the core's; a step only asks for them.
"""
