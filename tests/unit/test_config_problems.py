"""What is wrong with a configuration, said in one truthful line for every problem."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.configuration import loading
from pipeline.core.errors import ConfigError
from tests.unit.config_files import Load, load, problem_lines

__all__ = ["load"]

TWO = {"instance_count": 2, "minimum_instance_count": 2}
WEBHOOK = "https://hooks.slack.com/services/T0/B0/s3cr3t"


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (
            {"accuracy_treshold": 0.9},
            "accuracy_treshold = 0.9: unknown key, did you mean accuracy_threshold?",
        ),
        (
            {"training": {"tarjet": "x"}},
            'training.tarjet = "x": unknown key, did you mean training.target?',
        ),
        (
            {"training.target": "x"},
            "training.target = ...: a key in a file holds no dot; "
            'write "target" into the object "training"',
        ),
        (
            {"deployment": {"rollback_alarms.error_rate": 1}},
            "deployment.rollback_alarms.error_rate = ...: a key in a file holds no dot; "
            'write "error_rate" into the object "deployment.rollback_alarms"',
        ),
        (
            {"training": {"target": "two\nlines"}},
            'training.target = "two\\nlines": must be one line of 1 to 247 characters',
        ),
        ({"split_seed": 3}, "split_seed = 3: unknown key, did you mean training.split_seed?"),
        (
            {"slack_webhook": WEBHOOK},
            "slack_webhook = (hidden): unknown key, did you mean slack_webhook_url?",
        ),
        ({"accuracy_threshold": 1.5}, "accuracy_threshold = 1.5: must be a number from 0 to 1"),
        ({"accuracy_threshold": True}, "accuracy_threshold = true: must be a number from 0 to 1"),
        ({"accuracy_threshold": "0.9"}, 'accuracy_threshold = "0.9": must be a number from 0 to 1'),
        (
            {"minimum_accuracy": 0.99},
            "minimum_accuracy = 0.99: must not be above accuracy_threshold, which is 0.95",
        ),
        ({"auto_deploy_enabled": "yes"}, 'auto_deploy_enabled = "yes": must be true or false'),
        (
            {"role_arn": "SageMakerRole"},
            'role_arn = "SageMakerRole": must be a role ARN such as '
            "arn:aws:iam::123456789012:role/SageMakerRole",
        ),
        ({"training": 5}, "training = 5: must be an object"),
        (
            {"training": {"instance_type": "ml.t2.medium"}},
            'training.instance_type = "ml.t2.medium": must be another type: '
            "SageMaker jobs know no ml.t2",
        ),
        (
            {"instance_type": "ml.m6g.large"},
            'instance_type = "ml.m6g.large": must be a type with an x86 processor, which '
            "SageMaker's scikit-learn image is built for",
        ),
        (
            {"drift": {"instance_type": "ml.g5g.xlarge"}},
            'drift.instance_type = "ml.g5g.xlarge": must be a type with an x86 processor, which '
            "SageMaker's scikit-learn image is built for",
        ),
        (
            {"training": {"hyperparameters": {"seed": 1}}},
            "training.hyperparameters.seed = 1: is a name of the training script itself; "
            "choose another",
        ),
        (
            {"training": {"test_fraction": 1}},
            "training.test_fraction = 1: must be a number between 0 and 1, neither included",
        ),
        ({"gates": {"f1": {}}}, "gates.f1 = {}: needs a minimum or a maximum"),
        (
            {"gates": {"f1": {"minimum": 0.1, "maximum": 0.2}}},
            'gates.f1 = {"minimum": 0.1, "maximum": 0.2}: has a minimum or a maximum, not both',
        ),
        (
            {"gates": {"rmse": {"minimum": 2}}},
            "gates.rmse.minimum = 2.0: must be a maximum: of rmse, less is better",
        ),
        (
            {"gates": {"roc_auc": {"maximum": 0.9}}},
            "gates.roc_auc.maximum = 0.9: must be a minimum: of roc_auc, more is better",
        ),
        (
            {"gates": {"roc_auc": {"minimum": 2}}},
            "gates.roc_auc.minimum = 2.0: must be from 0 to 1, as roc_auc is",
        ),
        (
            {"gates": {"r2": {"minimum": 1.5}}},
            "gates.r2.minimum = 1.5: must be at most 1, as r2 is",
        ),
        (
            {"gates": {"log_loss": {"maximum": -1}}},
            "gates.log_loss.maximum = -1.0: must be at least 0, as log_loss is",
        ),
        (
            {"gates": {"rmse": {"maximum": 2, "threshold": 3}}},
            "gates.rmse.threshold = 3.0: must not be above its maximum, which is 2.0",
        ),
        (
            {"gates": {"f1": {"minimum": 0.9, "bound": "upper"}}},
            'gates.f1.bound = "upper": must be lower for a minimum, upper for a maximum',
        ),
        (
            {"gates": {"rmse": {"maximum": 0.9, "bound": "upper"}}},
            'gates.rmse.bound = "upper": must be value: only accuracy, serving_skew have an '
            "interval",
        ),
        (
            {"gates": {"accuracy": {"minimum": 0.9}}},
            'gates.accuracy = {"minimum": 0.9}: is judged by accuracy_threshold and '
            "minimum_accuracy; set those instead (here only bound)",
        ),
        (
            {"gates": {"mode": "off"}},
            'gates.mode = "off": must be an object of metric names with limits, and of mode: '
            "enforce or dry_run",
        ),
        (
            {"gates": {"f1": "dry_run"}},
            'gates.f1 = "dry_run": must be an object with the metric\'s limits',
        ),
        (
            {"evaluation": {"slices": [{"column": "a"}, {"column": "a"}]}},
            'evaluation.slices.1.column = "a": is the column of an earlier slice',
        ),
        (
            {"evaluation": {"slices": [{"column": "a", "bins": [2, 1]}]}},
            "evaluation.slices.0.bins = [2.0, 1.0]: must rise from one to the next",
        ),
        (
            {"evaluation": {"slices": [{"column": "species"}]}},
            'evaluation.slices.0.column = "species": must be a feature, not the target',
        ),
        (
            {"evaluation": {"slices": [{"column": "a", "threshold": 0.9}]}},
            'evaluation.slices.0 = {"threshold": 0.9, "column": "a"}: needs a minimum or a maximum',
        ),
        (
            {"evaluation": {"slices": [{"column": "a", "metric": "rmse", "minimum": 1}]}},
            "evaluation.slices.0.minimum = 1.0: must be a maximum: of rmse, less is better",
        ),
        (
            {"gates": {"f1": {"minimum": 0.9, "threshold": 0.8}}},
            "gates.f1.threshold = 0.8: must not be below its minimum, which is 0.9",
        ),
        (
            {"gates": {"a b": {"minimum": 0.9}}},
            'gates.a b = "a b": must be an object of metric names with limits'
            ", and of mode: enforce or dry_run",
        ),
        (
            {"deployment": {"strategy": "shadow"}},
            'deployment.strategy = "shadow": must be all_at_once, canary, linear or rolling',
        ),
        (
            {"deployment": {"strategy": "linear", "step_percentage": 5, **TWO}},
            "deployment.step_percentage = 5: must be 10 to 50 for linear",
        ),
        (
            {"deployment": {"strategy": "canary", **TWO}},
            'deployment.strategy = "canary": needs deployment.step_percentage from 1 to 50',
        ),
        (
            {"deployment": {"strategy": "canary", "step_percentage": 51}},
            "deployment.step_percentage = 51: must be a whole number from 1 to 50",
        ),
        (
            {"deployment": {"step_percentage": 10}},
            "deployment.step_percentage = 10: is only for the strategies canary, linear and "
            "rolling",
        ),
        (
            {"deployment": {"instance_count": 9}},
            "deployment.instance_count = 9: must lie between "
            "the minimum and the maximum instance count, 1 and 4",
        ),
        (
            {"deployment": {"termination_wait_s": 600, "maximum_execution_timeout_s": 600}},
            "deployment.maximum_execution_timeout_s = 600: must be longer than all waits "
            "together, which are 600 s",
        ),
        (
            {"endpoint_prefix": "x" * 30},
            f'endpoint_prefix = "{"x" * 30}": with the environment '
            f"({'x' * 30}-staging) at most 33 characters",
        ),
        (
            {"email_recipients": ["nobody"]},
            'email_recipients.0 = "nobody": must be a list of email addresses',
        ),
        (
            {"slack_webhook_url": WEBHOOK.replace("https", "http")},
            "slack_webhook_url = (hidden): must be an address that begins with https://, "
            "better given by the environment",
        ),
        (
            {"notifications": {"slack_bot_token": "xoxb-1"}},
            "notifications.slack_bot_token = (hidden): needs notifications.slack_channel beside it",
        ),
        (
            {"notifications": {"smtp_host": "mail.example.com"}},
            'notifications.smtp_host = "mail.example.com": needs notifications.email_sender beside '
            "it",
        ),
        (
            {"notifications": {"email_sender": "runner@example.com"}},
            'notifications.email_sender = "runner@example.com": needs email_recipients, who get '
            "the mail",
        ),
        (
            {"notifications": {"webhook_url": "http://example.com/hook"}},
            "notifications.webhook_url = (hidden): must be an address that begins with https://, "
            "or the ARN of a Secrets Manager secret with it",
        ),
        (
            {"notifications": {"routes": {"info": ["pager"]}}},
            'notifications.routes.info.0 = "pager": must be an object of events or severities, '
            "each with a list of email, slack, sns or webhook",
        ),
        (
            {"notifications": {"smtp_port": 70_000}},
            "notifications.smtp_port = 70000: must be a whole number from 1 to 65535",
        ),
        (
            {"slack_webhook\x1b[31m\n": 5},
            "slack_webhook\\x1b[31m\\n = (hidden): unknown key, did you mean slack_webhook_url?",
        ),
        (
            {"accuracy_threshold": "\x9b31m\u2028"},
            'accuracy_threshold = "\\x9b31m\\u2028": must be a number from 0 to 1',
        ),
    ],
)
def test_a_bad_value_is_one_line_with_its_file(
    load: Load, tmp_path: Path, keys: dict[str, Any], line: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(**keys)
    assert problem_lines(refused) == [f"{line} ({tmp_path / 'my.json'})"]


@pytest.mark.parametrize(
    ("environment", "flags", "line"),
    [
        (
            {"ACCURACY_THRESHOLD": "1.5"},
            {},
            "accuracy_threshold = 1.5: must be a number from 0 to 1 "
            "(environment ACCURACY_THRESHOLD)",
        ),
        (
            {"ACCURACY_THRESHOLD": "nan"},
            {},
            'accuracy_threshold = "nan": must be a number from 0 to 1 '
            "(environment ACCURACY_THRESHOLD)",
        ),
        (
            {},
            {"accuracy_threshold": "high"},
            'accuracy_threshold = "high": must be a number from 0 to 1 (flag --accuracy-threshold)',
        ),
        (
            {"MLOPS_TRAINNG__TARGET": "x"},
            {},
            'trainng = {"target": "x"}: unknown key, did you mean training? '
            "(environment MLOPS_TRAINNG__TARGET)",
        ),
        (
            {"MLOPS_BACKEND": "gcp"},
            {},
            'backend = "gcp": must be local or aws (environment MLOPS_BACKEND)',
        ),
    ],
)
def test_a_bad_value_from_elsewhere_names_its_source(
    load: Load, environment: dict[str, str], flags: dict[str, object], line: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(environment, flags)
    assert problem_lines(refused) == [line]


def test_every_problem_is_found_at_once(load: Load) -> None:
    with pytest.raises(ConfigError) as refused:
        load({"LOG_LEVEL": "LOUD"}, {"aws_region": "moon"}, accuracy_threshold=2, extra=1)
    assert len(problem_lines(refused)) == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1, "a": 2}', "the key 'a' appears twice"),
        ('{"accuracy_threshold": NaN}', "NaN is not a JSON value"),
        ('{"accuracy_threshold": Infinity}', "Infinity is not a JSON value"),
        ('{"training": {"hyperparameters": {"c": 1e999}}}', "1e999 is too large a number"),
        ("[" * 100_000, "it is nested too deeply"),
        ("{", "is not valid JSON"),
        ("[]", "must hold one JSON object"),
    ],
)
def test_a_file_that_is_not_plain_json_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(ConfigError) as refused:
        loading.load_settings(config_file=path, environment={}, flags={})
    (line,) = problem_lines(refused)
    assert words in line
    assert str(path) in line


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        loading.load_settings(config_file=tmp_path / "no.json", environment={}, flags={})
    (line,) = problem_lines(refused)
    assert "no.json" in line
    assert "cannot be read" in line
