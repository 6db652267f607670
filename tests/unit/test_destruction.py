"""What a cleanup may destroy, and what must be said before it does."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.destruction import (
    Consent,
    Place,
    goes_last,
    holds_data,
    is_part,
    listed,
    may_go,
    names_in,
    review,
)
from pipeline.core.outcomes import Action, AttributeChange, PlanSummary, ResourceChange
from tests.support.project import PROJECT_ROOT

OURS = Place(project="mlops", environment="staging")
NAMES = st.text("abcmnopst", min_size=1, max_size=8)


def types_of_the_roots() -> set[str]:
    """Return the types of all that this project's Terraform makes."""
    files = (PROJECT_ROOT / "terraform").rglob("*.tf")
    return {
        found
        for path in files
        for found in re.findall(r'^resource "(\w+)"', path.read_text(), re.M)
    }


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


def test_all_that_is_counted_is_listed_in_peoples_words() -> None:
    part = gone("module.identity[0].aws_iam_role_policy.execution", tags=())
    whole = gone("module.notifications.aws_sns_topic.this")
    named = replace(part, attributes=(_attribute("name", "execution"), _attribute("id", "a:b")))
    lines = list(listed("foundation", a_plan(named, whole)))
    assert lines == [
        "foundation: 2 to destroy",
        f"  SNS topic {whole.address}",  # a plan that says no name: better this than nothing
        "  IAM role policy execution",
    ]


@given(st.lists(st.sampled_from(sorted(types_of_the_roots())), max_size=9))
def test_a_listing_has_as_many_lines_as_it_says_and_no_type_of_terraforms(types: list[str]) -> None:
    changes = [
        replace(gone(f"{each}.this"), attributes=(_attribute("id", f"thing-{number}"),))
        for number, each in enumerate(types)
    ]
    head, *lines = listed("foundation", a_plan(*changes))
    assert head == f"foundation: {len(lines)} to destroy"
    assert len(lines) == len(types)
    assert not any("aws_" in line or "_" in line for line in lines)


def test_a_state_says_what_people_call_what_it_holds() -> None:
    group = "aws_sagemaker_model_package_group"
    state = {
        "resources": [
            _held("aws_s3_bucket", "module.storage[0]", {"bucket": "b", "id": "b"}),
            _held("aws_kms_key", "module.encryption[0]", {"id": "1234"}, index=0),
            _held(group, "module.registry", {"model_package_group_name": "iris"}, index="a b"),
            _held("aws_ssm_parameter", None, {"name": None, "id": "/mlops"}),
        ]
    }
    assert names_in(state) == {
        "module.storage[0].aws_s3_bucket.this": "S3 bucket b",
        "module.encryption[0].aws_kms_key.this[0]": "KMS key 1234",
        f'module.registry.{group}.this["a b"]': "SageMaker model package group iris",
        "aws_ssm_parameter.this": "SSM parameter /mlops",
    }


def _held(
    resource_type: str, module: str | None, attributes: dict[str, Any], *, index: object = None
) -> dict[str, Any]:
    instance = {"attributes": attributes, **({} if index is None else {"index_key": index})}
    found = {"mode": "managed", "type": resource_type, "name": "this", "instances": [instance]}
    return {**found, **({"module": module} if module else {})}


def _attribute(path: str, before: str) -> AttributeChange:
    return AttributeChange(path=path, before=before, after="(none)", forces_replacement=False)
