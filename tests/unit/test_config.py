"""The configuration: the order of its sources, and one truthful line for every problem."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.configuration import loading
from pipeline.configuration.flags import CONFIG_FLAGS, ENVIRONMENT_NAMES
from pipeline.configuration.problems import problem
from pipeline.configuration.settings import Settings, secrets_of
from pipeline.configuration.sources import leaves
from pipeline.core.errors import ConfigError
from tests.unit.config_files import Load, load, problem_lines

__all__ = ["load"]

FOREIGN_ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
WEBHOOK = "https://hooks.slack.com/services/T0/B0/s3cr3t"


def test_the_shipped_file_works_out_of_the_box() -> None:
    settings = loading.load_settings(config_file=None, environment={}, flags={})
    assert (settings.backend, settings.environment) == ("local", "staging")
    assert Path(settings.training.data).is_file()


def test_the_shipped_file_says_what_the_defaults_say() -> None:
    shipped = loading.load_settings(config_file=None, environment={}, flags={})
    default = Settings().model_dump()
    paths = {key: shipped.model_dump()["training"][key] for key in ("data", "source_dir")}
    assert shipped.model_dump() == default | {"training": default["training"] | paths}


def test_the_documents_example_is_accepted(load: Load) -> None:
    settings = load(
        accuracy_threshold=0.95,
        minimum_accuracy=0.90,
        aws_region="us-east-1",
        instance_type="ml.m5.large",
        auto_deploy_enabled=True,
        rollback_on_failure=True,
        model_name_prefix="iris-classifier",
        endpoint_prefix="iris-model",
        sns_topic_arn="arn:aws:sns:us-east-1:123456789012:mlops-notifications",
        slack_webhook_url="https://hooks.slack.com/services/...",
        email_recipients=["team@company.com"],
    )
    assert settings.email_recipients == ("team@company.com",)


shares = st.none() | st.floats(0.9, 1)


@given(shares, shares)
def test_flags_beat_environment_beats_the_file(variable: float | None, flag: float | None) -> None:
    settings = loading.load_settings(
        config_file=loading.SHIPPED_CONFIG,
        environment={} if variable is None else {"ACCURACY_THRESHOLD": repr(variable)},
        flags={"accuracy_threshold": flag},
    )
    order = (flag, variable, 0.95)
    assert settings.accuracy_threshold == next(each for each in order if each is not None)


def test_the_file_beats_the_defaults(load: Load) -> None:
    assert load(testing={"concurrency": 7}).testing.concurrency == 7
    assert load(testing={"concurrency": 7}).testing.request_count == 100


def test_every_problem_says_where_its_value_came_from(load: Load, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load({"MINIMUM_ACCURACY": "8"}, {"accuracy_threshold": "9"}, aws_region="nowhere")
    found = {each.key: each.source for each in refused.value.problems}
    assert found == {
        "minimum_accuracy": "environment MINIMUM_ACCURACY",
        "accuracy_threshold": "flag --accuracy-threshold",
        "aws_region": str(tmp_path / "my.json"),
    }
    assert problem("testing.concurrency", 1, "is odd", layer={}).source == "default"


@pytest.mark.parametrize(
    ("name", "text", "key", "value"),
    [
        ("AUTO_DEPLOY_ENABLED", "false", "auto_deploy_enabled", False),
        ("ROLLBACK_ON_FAILURE", "0", "rollback_on_failure", False),
        ("AWS_DEFAULT_REGION", "eu-west-1", "aws_region", "eu-west-1"),
        ("SAGEMAKER_EXECUTION_ROLE", FOREIGN_ROLE, "role_arn", FOREIGN_ROLE),
        ("EMAIL_RECIPIENTS", "a@b.de, c@d.de", "email_recipients", ("a@b.de", "c@d.de")),
        ("EMAIL_RECIPIENTS", '["a@b.de"]', "email_recipients", ("a@b.de",)),
        ("LOG_LEVEL", "DEBUG", "log_level", "DEBUG"),
        ("MLOPS_TRAINING__TARGET", "kind", "training.target", "kind"),
        ("MLOPS_TRAINING__SPLIT_SEED", "7", "training.split_seed", 7),
        ("MLOPS_CHAMPION__RULE", "off", "champion.rule", "off"),
        ("MLOPS_TRAINING__HYPERPARAMETERS", '{"c": 1}', "training.hyperparameters", {"c": 1}),
        (
            "MLOPS_AUTOSCALING__TARGET_TRACKING",
            '{"target_value": 50}',
            "autoscaling.target_tracking.target_value",
            50,
        ),
    ],
)
def test_the_environment_is_read_as_the_kind_of_the_key(
    load: Load, name: str, text: str, key: str, value: object
) -> None:
    found: Any = load({name: text}, backend="aws")
    for part in key.split("."):
        found = getattr(found, part)
    assert found == value


def test_the_region_of_the_document_wins_over_the_default_region(load: Load) -> None:
    settings = load({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-west-2"})
    assert settings.aws_region == "eu-west-1"


def test_an_empty_variable_counts_as_not_set(load: Load) -> None:
    assert load({"ACCURACY_THRESHOLD": "", "AWS_REGION": ""}) == load()


def test_the_names_of_results_are_never_read(load: Load) -> None:
    names = ("RUN_ID", "STATUS", "ACCURACY", "ENDPOINT", "VERDICT", "PROJECT", "TESTS")
    assert load({f"MLOPS_{name}": "x" for name in names}) == load()


def test_a_webhook_is_never_shown(load: Load) -> None:
    settings = load({"SLACK_WEBHOOK_URL": WEBHOOK})
    shown = f"{settings!r} {settings} {settings.model_dump_json()} {settings.digest()}"
    assert "s3cr3t" not in shown
    with pytest.raises(ConfigError) as refused:
        load(slack_webhook_url=WEBHOOK.replace("https", "ftp"))
    assert "s3cr3t" not in str(refused.value)
    with pytest.raises(ConfigError) as refused:
        load(slack_webhook_url=[WEBHOOK])
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize(
    ("environment", "flags"),
    [({"MINIMUM_ACCURACY": "0.5"}, {}), ({}, {"accuracy_threshold": "0.91"})],
)
def test_production_never_lowers_a_threshold_from_outside(
    load: Load, environment: dict[str, str], flags: dict[str, object]
) -> None:
    with pytest.raises(ConfigError, match="in production only the file"):
        load(environment, flags, environment="production")


def test_production_may_raise_a_threshold_from_outside(load: Load) -> None:
    settings = load({}, {"accuracy_threshold": "0.99"}, environment="production")
    assert settings.accuracy_threshold == 0.99


def test_the_files_own_threshold_counts_in_production(load: Load) -> None:
    settings = load(environment="production", accuracy_threshold=0.8, minimum_accuracy=0.7)
    assert settings.accuracy_threshold == 0.8


def test_a_foreign_role_needs_a_chosen_backend(load: Load) -> None:
    with pytest.raises(ConfigError, match="123456789012") as refused:
        load(role_arn=FOREIGN_ROLE)
    (line,) = problem_lines(refused)
    assert "--backend aws" in line
    assert "--backend local" in line


@pytest.mark.parametrize(
    ("environment", "flags", "keys"),
    [
        ({"MLOPS_BACKEND": "local"}, {}, {}),
        ({}, {"backend": "aws"}, {}),
        ({}, {}, {"backend": "local"}),
    ],
)
def test_a_chosen_backend_goes_with_a_foreign_role_and_with_ci(
    load: Load, environment: dict[str, str], flags: dict[str, object], keys: dict[str, Any]
) -> None:
    environment = {"CI": "true", **environment}
    assert load(environment, flags, role_arn=FOREIGN_ROLE, **keys).role_arn == FOREIGN_ROLE


def test_the_shipped_backend_is_nobodys_choice() -> None:
    for environment in ({"CI": "true"}, {"SAGEMAKER_EXECUTION_ROLE": FOREIGN_ROLE}):
        with pytest.raises(ConfigError, match="backend"):
            loading.load_settings(config_file=None, environment=environment, flags={})


def test_a_role_of_the_embedded_account_needs_no_choice(load: Load) -> None:
    assert load(role_arn="arn:aws:iam::000000000000:role/x").backend == "local"


def test_paths_of_a_file_count_from_its_folder(load: Load, tmp_path: Path) -> None:
    training = load(training={"data": "rows.csv"}).training
    assert training.data == str(tmp_path / "rows.csv")
    assert training.source_dir == str(tmp_path)


def test_paths_of_a_variable_count_from_the_working_directory(load: Load) -> None:
    training = load({"MLOPS_TRAINING__DATA": "rows.csv"}).training
    assert training.data == str(Path.cwd() / "rows.csv")


def test_an_address_in_s3_stays_what_it_is(load: Load) -> None:
    assert load(training={"data": "s3://b/rows.csv"}).training.data == "s3://b/rows.csv"


def test_equal_settings_have_equal_digests(load: Load) -> None:
    assert load().digest() == load({"ACCURACY_THRESHOLD": "0.95"}).digest()
    assert load().digest() != load({"ACCURACY_THRESHOLD": "0.96"}).digest()
    told = {"MLOPS_NOTIFICATIONS__WEBHOOK_URL": "https://example.com/hook"}
    assert load().digest() == load(told).digest()


def test_every_secret_is_known_to_what_must_not_show_it(load: Load) -> None:
    variables = {
        "SLACK_WEBHOOK_URL": WEBHOOK,
        "EMAIL_RECIPIENTS": "a@b.de",
        "MLOPS_NOTIFICATIONS__EMAIL_SENDER": "runner@b.de",
        "MLOPS_NOTIFICATIONS__SLACK_BOT_TOKEN": "12345",
        "MLOPS_NOTIFICATIONS__SLACK_CHANNEL": "#releases",
        "MLOPS_NOTIFICATIONS__SMTP_HOST": "mail.b.de",
        "MLOPS_NOTIFICATIONS__SMTP_PASSWORD": "s3cr3t-1",
        "MLOPS_NOTIFICATIONS__SMTP_USER": "runner",
        "MLOPS_NOTIFICATIONS__WEBHOOK_SIGNING_SECRET": "s3cr3t-2",
        "MLOPS_NOTIFICATIONS__WEBHOOK_URL": "https://example.com/s3cr3t-3",
    }
    settings = load(variables)
    secrets = ("12345", "s3cr3t-1", "s3cr3t-2", "https://example.com/s3cr3t-3", WEBHOOK)
    assert sorted(secrets_of(settings)) == sorted(secrets)
    assert not [each for each in secrets if each in repr(settings)]


def test_rules_of_retraining_are_off_until_they_are_asked_for(load: Load) -> None:
    rules = load(retraining={"schedule": "monthly", "cool_down_hours": 36}).retraining_rules
    assert not rules.enabled
    assert (rules.on_drift, rules.on_degradation, rules.schedule) == (True, True, "monthly")
    assert rules.cool_down == timedelta(days=1.5)


def test_every_flag_and_variable_sets_a_key_that_exists() -> None:
    keys = {flag.key for flag in CONFIG_FLAGS} | ENVIRONMENT_NAMES.keys()
    assert keys <= leaves().keys()


def test_every_key_outside_a_section_but_two_has_a_variable() -> None:
    without = {key for key in leaves() if "." not in key} - ENVIRONMENT_NAMES.keys()
    assert without == {"gates", "project"}


# JSON joins two surrogates that follow each other to one character, so it cannot carry them.
any_text = st.text(st.characters(exclude_categories=["Cs"]))
one_line = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\x00\x85\u2028\u2029"),
    max_size=245,
)


@given(any_text, any_text, one_line)
@example("\ud800", "\udfff", "")
def test_any_text_is_taken_literally(name: str, value: str, column: str) -> None:
    text = json.dumps({name: value})
    environment = {"MLOPS_TRAINING__HYPERPARAMETERS": text, "MLOPS_TRAINING__TARGET": f"x{column}x"}
    if name in ("seed", "target", "cv_folds", "code_sha256", "training_pipeline"):
        return
    settings = loading.load_settings(config_file=None, environment=environment, flags={})
    assert settings.training.hyperparameters == {name: value}
    assert settings.training.target == f"x{column}x"
