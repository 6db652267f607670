"""What a cleanup may destroy, and what must be said before it does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.destruction import (
    Consent,
    Place,
    goes_last,
    holds_data,
    is_part,
    may_go,
    review,
)
from pipeline.core.outcomes import Action, AttributeChange, PlanSummary, ResourceChange

OURS = Place(project="mlops", environment="staging")
NAMES = st.text("abcmnopst", min_size=1, max_size=8)


def gone(
    address: str = "aws_sns_topic.this",
    *,
    action: Action = Action.DELETE,
    tags: tuple[tuple[str, str], ...] = tuple(OURS.tags.items()),
) -> ResourceChange:
    return ResourceChange(
        address=address,
        resource_type=address.rpartition(".")[0].rpartition(".")[2],
        action=action,
        attributes=tuple(
            AttributeChange(
                path=f"tags_all.{key}", before=value, after="(none)", forces_replacement=False
            )
            for key, value in tags
        ),
        reason="",
    )


def a_plan(*changes: ResourceChange) -> PlanSummary:
    return PlanSummary(
        create=0,
        update=0,
        delete=len(changes),
        replace=0,
        changes=changes,
        terraform_version="1.11.4",
    )


def test_what_carries_the_environments_tags_may_go_with_its_parts() -> None:
    part = gone("module.identity[0].aws_iam_role_policy.execution", tags=())
    assert review(a_plan(gone(), part), OURS) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (gone(tags=()), "mlops:project=nothing, mlops:environment=nothing"),
        (
            gone(tags=(("mlops:project", "mlops"), ("mlops:environment", "production"))),
            "mlops:environment=production",
        ),
        (
            gone(tags=(("mlops:project", "mlops-two"), ("mlops:environment", "staging"))),
            "mlops:project=mlops-two",
        ),
        (gone(action=Action.UPDATE), "changed (update)"),
        (gone(action=Action.REPLACE), "changed (replace)"),
        (gone(action=Action.CREATE), "changed (create)"),
        (gone(action=Action.FORGET), "changed (forget)"),
    ],
)
def test_a_plan_with_anything_else_is_refused(change: ResourceChange, said: str) -> None:
    (refusal,) = review(a_plan(gone("aws_sns_topic.ours"), change), OURS)
    assert change.address in refusal
    assert said in refusal


@given(project=NAMES, environment=NAMES)
def test_only_the_very_tags_are_ours(project: str, environment: str) -> None:
    tags = (("mlops:project", project), ("mlops:environment", environment))
    is_ours = (project, environment) == (OURS.project, OURS.environment)
    assert (review(a_plan(gone(tags=tags)), OURS) == ()) is is_ours


@pytest.mark.parametrize(
    ("environment", "consent", "answer"),
    [
        ("staging", Consent(), None),
        ("staging", Consent(yes=True), True),
        ("staging", Consent(typed="staging"), True),
        ("staging", Consent(yes=True, typed="stagin"), False),
        ("staging", Consent(typed="production"), False),
        ("production", Consent(), False),
        ("production", Consent(typed="production"), False),
        ("production", Consent(yes=True), None),
        ("production", Consent(yes=True, typed="production"), True),
        ("production", Consent(yes=True, typed="staging"), False),
    ],
)
def test_production_wants_both_and_a_wrong_name_is_a_no(
    environment: str, consent: Consent, answer: bool | None
) -> None:
    assert may_go(environment, consent) is answer


@pytest.mark.parametrize(
    ("address", "data", "last"),
    [
        ("aws_ssm_parameter.foundation", False, False),
        ("module.identity[0].aws_iam_role.execution", False, False),
        ("module.storage[0].aws_s3_bucket.this", True, True),
        ("module.storage[0].aws_s3_bucket_policy.this", True, False),
        ("module.log_bucket[0].aws_s3_bucket.this", True, True),
        ("module.encryption[0].aws_kms_key.this", True, True),
        ('module.registry.aws_sagemaker_model_package_group.this["a"]', True, True),
    ],
)
def test_data_stays_with_its_key_and_its_policy(address: str, data: bool, last: bool) -> None:
    assert (holds_data(address), goes_last(address)) == (data, last)


def test_a_part_is_known_by_its_type() -> None:
    assert is_part("module.storage[0].aws_s3_bucket_policy.this")
    assert not is_part('module.registry.aws_sagemaker_model_package_group.this["a"]')
