"""Run processes for the embedded AWS: jobs, endpoint fleets, invocations."""
