"""Settings whose fields are each valid, before the rules across them have looked."""

from dataclasses import dataclass

from pipeline.configuration.layers import Layer
from pipeline.configuration.problems import problem, source_of
from pipeline.core.errors import ConfigProblem
from pipeline.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Settings whose fields are each valid, and where they came from.

    `committed` are the values without environment and flags: what a review has seen.
    `backend_is_chosen`: by flag, environment or the user's own file; `is_ci`: CI is set.
    """

    settings: Settings
    layer: Layer
    committed: Layer
    backend_is_chosen: bool
    is_ci: bool

    def problem(self, key: str, value: object, allowed: str) -> ConfigProblem:
        return problem(key, value, allowed=allowed, source=source_of(key, self.layer))
