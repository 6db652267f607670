"""Settings for every test: property tests are about laws, not about how busy the machine is."""

from hypothesis import settings

settings.register_profile("busy-machine", deadline=None)
settings.load_profile("busy-machine")
