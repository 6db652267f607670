"""A role that cannot be assumed yet: what is asked again, for how long, and what is not."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from pipeline.gateways.new_roles import PATIENCE, once_assumable

ROLE = "arn:aws:iam::111122223333:role/mlops-staging-execution"
UNKNOWN = (
    f"Could not assume role {ROLE}. Please ensure that the role exists and allows principal "
    "'sagemaker.amazonaws.com' to assume the role."
)
_CALL_S = 1.0


def refusal(code: str, message: str) -> ClientError:
    answer = {"Error": {"Code": code, "Message": message}}
    return ClientError(answer, "CreateTrainingJob")


class Asked:
    """A call that takes a second of a clock of its own and refuses at first."""

    def __init__(self, refusals: Sequence[ClientError], *, for_ever: bool = False) -> None:
        self._refusals = list(refusals)
        self._for_ever = for_ever
        self.now_s = 0.0
        self.begun_s: list[float] = []

    def __call__(self) -> str:
        self.begun_s.append(self.now_s)
        self.now_s += _CALL_S
        if self._refusals:
            raise self._refusals[0] if self._for_ever else self._refusals.pop(0)
        return "made"

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def answer(self) -> str:
        patience = replace(PATIENCE, clock=lambda: self.now_s, sleep=self.sleep)
        return once_assumable(self, patience=patience)


@pytest.mark.parametrize("refused", [0, 1, 2, 9])
def test_a_role_that_is_known_later_is_asked_for_until_then(refused: int) -> None:
    asked = Asked([refusal("ValidationException", UNKNOWN)] * refused)
    assert asked.answer() == "made"
    assert len(asked.begun_s) == refused + 1


def test_a_role_that_stays_unknown_is_refused_within_a_minute_by_its_own_words() -> None:
    asked = Asked([refusal("ValidationException", UNKNOWN)], for_ever=True)
    with pytest.raises(ClientError, match="Could not assume role"):
        asked.answer()
    assert PATIENCE.timeout_s - 10 < asked.begun_s[-1] <= PATIENCE.timeout_s


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ValidationException", "1 validation error detected: Value at 'roleArn' is wrong."),
        ("ValidationException", "No S3 objects found under S3 URL s3://b/k."),
        ("AccessDeniedException", f"User is not authorized to perform iam:PassRole on {ROLE}."),
        ("AccessDeniedException", UNKNOWN),
        ("ResourceLimitExceeded", "The account-level service limit is 0 Instances."),
        ("ResourceInUse", "Training job names must be unique."),
        ("ThrottlingException", "Rate exceeded"),
    ],
)
def test_any_other_refusal_is_told_at_once(code: str, message: str) -> None:
    asked = Asked([refusal(code, message)])
    with pytest.raises(ClientError, match=code):
        asked.answer()
    assert asked.begun_s == [0.0]
