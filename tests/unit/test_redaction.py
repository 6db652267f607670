"""What no reader of a review sees: values of secrets, and values whose name says what they are."""

from dataclasses import replace

import pytest

from pipeline.core.outcomes import Action, AttributeChange
from pipeline.core.plan import ABSENT, SENSITIVE, UNKNOWN
from pipeline.core.redaction import hidden_in, redacted, redacted_variables
from pipeline.core.secret_names import secrets_among
from tests.unit.plan_builders import a_change, a_summary

SECRET = "hooks.example.com/T0/B0"


def one_attribute(path: str, before: str, after: str) -> AttributeChange:
    attribute = AttributeChange(path=path, before=before, after=after, forces_replacement=False)
    summary = a_summary(a_change(f"module.{SECRET}", Action.UPDATE, attributes=(attribute,)))
    (change,) = redacted(summary, (SECRET, SECRET[:12])).changes
    assert SECRET[:12] not in change.address
    (found,) = change.attributes
    return found


@pytest.mark.parametrize(
    "path",
    [
        "password",
        "input.db_password",
        "environment.API_KEY",
        'environment["SLACK_WEBHOOK_URL"]',
        "nested[0].client_secret",
        "secret_string",
        "auth.token",
        "credentials[0]",
    ],
)
def test_a_value_is_hidden_by_its_name(path: str) -> None:
    found = one_attribute(path, "old", "new")
    assert (found.before, found.after) == (SENSITIVE, SENSITIVE)


@pytest.mark.parametrize(
    "path", ["kms_key_arn", "secretary", "tokenizer", "name", "key", "bucket_key_enabled"]
)
def test_other_names_hide_nothing(path: str) -> None:
    found = one_attribute(path, "old", "new")
    assert (found.before, found.after) == ("old", "new")


def test_what_is_absent_or_unknown_is_said_so() -> None:
    found = one_attribute("password", ABSENT, UNKNOWN)
    assert (found.before, found.after) == (ABSENT, UNKNOWN)


def test_the_value_of_a_secret_is_hidden_wherever_it_stands() -> None:
    found = one_attribute("url", f"https://{SECRET}/x", SECRET[:12])
    assert (found.before, found.after) == (f"https://{SENSITIVE}/x", SENSITIVE)


def test_variables_keep_their_structure() -> None:
    variables = {"a": [{"password": "x", "b": 1}], SECRET: None, "c": f"{SECRET}!", "token": ""}
    assert redacted_variables(variables, (SECRET,)) == {
        "a": [{"password": SENSITIVE, "b": 1}],
        SENSITIVE: None,
        "c": f"{SENSITIVE}!",
        "token": "",
    }


def test_a_short_secret_hides_nothing_because_it_is_everywhere() -> None:
    assert hidden_in("a test of it", ("test",)) == "a test of it"
    assert hidden_in("a test-token", ("test-token",)) == f"a {SENSITIVE}"


def test_a_summary_without_secrets_stays_what_it_is() -> None:
    summary = a_summary(a_change("a", Action.CREATE))
    assert redacted(summary, ()) == replace(summary)


def test_secrets_of_an_environment_go_by_their_names() -> None:
    environment = {
        "AWS_SECRET_ACCESS_KEY": "s3cr3t-value",
        "CI_JOB_TOKEN": "glcbt-value",
        "SLACK_WEBHOOK_URL": "https://hooks",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/run/token",
        "AWS_REGION": "us-east-1",
        "SHORT_TOKEN": "test",
    }
    assert set(secrets_among(environment)) == {"s3cr3t-value", "glcbt-value", "https://hooks"}
