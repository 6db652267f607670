"""Finds a user's class or function by its name in the form `module:attribute`."""

import difflib
import importlib
from collections.abc import Callable
from typing import Any


class SpecError(ValueError):
    """A name that leads to nothing usable."""


def _load_attribute(spec: str) -> Any:
    module_name, separator, attribute = spec.partition(":")
    if not (separator and module_name and attribute.isidentifier()):
        message = f"{spec!r} does not name anything; write `module:Name`."
        raise SpecError(message)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        message = f"{spec!r}: no module {error.name!r} in the code bundle or the container."
        raise SpecError(message) from error
    if not hasattr(module, attribute):
        near = difflib.get_close_matches(attribute, dir(module), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        message = f"{spec!r}: module {module_name!r} has no {attribute!r}.{hint}"
        raise SpecError(message)
    return getattr(module, attribute)


def load_training_class(spec: str) -> type[Any]:
    """Return a subclass of TrainingPipeline."""
    # Imported late: evaluation first puts the artifact's own code in front of the search path
    from pipeline.training import TrainingPipeline

    found = _load_attribute(spec)
    if not (isinstance(found, type) and issubclass(found, TrainingPipeline)):
        message = f"{spec!r} is no subclass of pipeline.training.TrainingPipeline."
        raise SpecError(message)
    return found


def load_merge_rule(spec: str) -> Any:
    """Return an object of a subclass of MergeRule."""
    from pipeline.training import MergeRule

    found = _load_attribute(spec)
    if not (isinstance(found, type) and issubclass(found, MergeRule)):
        message = f"{spec!r} is no subclass of pipeline.training.MergeRule."
        raise SpecError(message)
    return found()


def is_own(pipeline: Any, method: str) -> bool:
    """Tell whether a subclass of TrainingPipeline has a method of its own."""
    from pipeline.training import TrainingPipeline

    return getattr(type(pipeline), method) is not getattr(TrainingPipeline, method)


def load_function(spec: str) -> Callable[..., Any]:
    found = _load_attribute(spec)
    if not callable(found):
        message = f"{spec!r} is {type(found).__name__}, not a function."
        raise SpecError(message)
    return found  # type: ignore[no-any-return]
