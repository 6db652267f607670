"""Which model a job, a release and an endpoint are of: what its callers rely on, and its name.

Pure: identities in, sentences, refusals and the command that would be right out. Two trainings of
the same model differ in their rows and settings, never in what is here.
"""

from collections.abc import Collection
from dataclasses import dataclass

from pipeline.core.errors import UsageError
from pipeline.core.head import LedgerHead
from pipeline.core.naming import ENDPOINT_LIMIT

_MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class ModelIdentity:
    """The model_name_prefix of the job, its target, its feature columns and its class labels.

    A model that predicts a number has no labels.

    The names decide, not the order of columns and labels: both are kept sorted.
    """

    name: str
    target: str
    columns: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def predicts_number(self) -> bool:
        """Tell a model of a number from one of classes, which has two of them or more."""
        return not self.labels

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(sorted(self.columns)))
        object.__setattr__(self, "labels", tuple(sorted(self.labels)))


def differences(serving: ModelIdentity, candidate: ModelIdentity) -> tuple[str, ...]:
    """Return a sentence for each difference; none where both are of the same model."""
    sentences = (
        _renamed("name", serving.name, candidate.name),
        _renamed("target column", serving.target, candidate.target),
        _set("New feature columns", set(candidate.columns) - set(serving.columns)),
        _set("Missing feature columns", set(serving.columns) - set(candidate.columns)),
        _set("New classes", set(candidate.labels) - set(serving.labels)),
        _set("Missing classes", set(serving.labels) - set(candidate.labels)),
    )
    return tuple(filter(None, sentences))


def _renamed(what: str, serving: str, candidate: str) -> str:
    return "" if serving == candidate else f"Its {what} is {candidate!r}, not {serving!r}."


def _set(what: str, names: Collection[str]) -> str:
    if not names:
        return ""
    named = ", ".join(map(repr, sorted(names)[:_MOST_NAMED]))
    more = f" and {len(names) - _MOST_NAMED} others" if len(names) > _MOST_NAMED else ""
    return f"{what}: {named}{more}."


def telling_release(head: LedgerHead) -> str | None:
    """Return the release that says which model an endpoint is for: the live one, else the newest.

    None for an endpoint that no model was ever deployed to.
    """
    newest = head.release_ids[-1] if head.release_ids else None
    return head.live_release or newest


def require_same_model(
    serving: ModelIdentity | None, candidate: ModelIdentity, *, endpoint: str, remedy: str
) -> None:
    """Refuse what would put another model in the place of the one an endpoint is for."""
    found = differences(serving, candidate) if serving else ()
    if found:
        differ = " ".join(found)
        message = f"{endpoint} serves another model than this one. {differ} Nothing was changed."
        raise UsageError(message, remedy=remedy, code="AnotherModel")


def another_name(candidate: ModelIdentity, *, job: str, configured: str, remedy: str) -> UsageError:
    """Return the refusal of a job of another model than the configuration is for."""
    message = (
        f"The training job {job} is of the model {candidate.name}, but model_name_prefix is "
        f"{configured}. Nothing was changed."
    )
    return UsageError(message, remedy=remedy, code="AnotherModel")


def own_endpoint_prefix(name: str, *, taken: str, environment: str) -> str:
    """Return an endpoint_prefix for a model, another one than the one that is taken."""
    room = ENDPOINT_LIMIT - len("-") - len(environment)
    prefix = name[:room].rstrip("-")
    if prefix != taken:
        return prefix
    number, ending = 2, "-2"
    while (numbered := prefix[: room - len(ending)].rstrip("-") + ending) == taken:
        number += 1
        ending = f"-{number}"
    return numbered
