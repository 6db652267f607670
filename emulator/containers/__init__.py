"""Run processes for the embedded AWS: training and processing jobs, endpoint fleets, invocations."""
