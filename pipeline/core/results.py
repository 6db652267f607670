"""The documents of a run for machines: `results.json` and `results.env`.

The structure of `results.json` is docs/results.schema.json; a phase that did not run is absent, a
number that could not be measured is null. `results.env` obeys GitLab's dotenv rules (GitLab docs,
"artifacts:reports dotenv"): no quoting exists there, so what cannot be written plainly is left out
of the value.
"""

import json
import math
import re
from dataclasses import asdict
from typing import Any

from pipeline.core.outcomes import (
    DeploymentReport,
    DeploymentStatus,
    ProbeReport,
    RunReport,
)
from pipeline.core.records import Evaluation
from pipeline.core.version import VERSION

SCHEMA_VERSION = 1

_DOTENV_LIMIT_BYTES = 5 * 1024 - 1
_DOTENV_VALUE_LENGTH = 255
# GitLab expands $ in values, has no escapes, and takes one variable per line
_NOT_IN_DOTENV = re.compile(r"[^\x20-\x23\x25-\x7e]")
_OWN_METRICS = ("accuracy", "cv_mean_accuracy")


def results_document(report: RunReport) -> dict[str, Any]:
    """Return the content of results.json; only standard JSON values are in it."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "version": VERSION,
        "run_id": report.run_id,
        "mode": report.mode,
        "backend": report.backend,
        "account": report.account,
        "region": report.region,
        "environment": report.environment,
        "git_sha": report.git_sha,
        "config_digest": report.config_digest,
        "started_at": report.started_at.isoformat(),
        "pipeline_status": report.status.value,
        "total_duration_seconds": report.duration_s,
        "summary": _summary(report),
        "phases": _phases(report),
        "release_id": report.release_id,
        "decision": _decision(report),
        "timings": dict(report.timings_s or {}),
        "links": dict(report.links or {}),
        "notes": list(report.notes),
        "listing": list(report.listing),
        "data_warnings": list(report.data_warnings),
        **_error(report),
    }
    plain: dict[str, Any] = _plain(document)
    return plain


def results_json(report: RunReport) -> str:
    return json.dumps(results_document(report), indent=2, allow_nan=False) + "\n"


def results_env(report: RunReport) -> str:
    """Return the lines of results.env; keys without a value are left out."""
    accuracy = accuracy_of(report)
    values = {
        "MLOPS_RUN_ID": report.run_id,
        "MLOPS_STATUS": report.status.value,
        "MLOPS_TRAINING_JOB": _training_job(report),
        "MLOPS_ACCURACY": None if accuracy is None else repr(accuracy),
        "MLOPS_VERDICT": report.decision.verdict.value if report.decision else None,
        "MLOPS_MODEL_PACKAGE_ARN": report.package.arn if report.package else None,
        "MLOPS_RELEASE_ID": report.release_id,
        "MLOPS_ENDPOINT": endpoint_of(report),
        "MLOPS_DEPLOYED": "true" if has_deployed(report) else "false",
        "MLOPS_PLAN_DIGEST": report.plan_digest,
        "MLOPS_TESTS": _overall_status(report.probe) if report.probe else None,
    }
    plain = {key: _dotenv_value(value) for key, value in values.items() if value}
    text = "".join(f"{key}={value}\n" for key, value in plain.items() if value)
    if len(text) > _DOTENV_LIMIT_BYTES:
        message = f"results.env has {len(text)} bytes, GitLab takes {_DOTENV_LIMIT_BYTES}"
        raise ValueError(message)
    return text


def has_deployed(report: RunReport) -> bool:
    """Tell whether this run put a release into service and left it there."""
    deployment = report.deployment
    return deployment is not None and deployment.status is DeploymentStatus.SUCCESS


def endpoint_of(report: RunReport) -> str | None:
    if report.deployment is not None:
        return report.deployment.endpoint_name
    return report.probe.endpoint_name if report.probe else None


def accuracy_of(report: RunReport) -> float | None:
    """The measured accuracy; None if there is none or it is no number."""
    accuracy = report.evaluation.metrics.get("accuracy") if report.evaluation else None
    return accuracy if accuracy is not None and math.isfinite(accuracy) else None


def majority_class_accuracy(evaluation: Evaluation) -> float:
    """What always naming the most common class of the held-out rows reaches (0..1)."""
    largest = max(map(sum, evaluation.confusion_matrix), default=0)
    return largest / evaluation.row_count if evaluation.row_count else math.nan


def _summary(report: RunReport) -> dict[str, Any]:
    return {
        "training_accuracy": accuracy_of(report),
        "deployment_occurred": has_deployed(report),
        "endpoint_name": endpoint_of(report),
        "testing_passed": report.probe.passed if report.probe else None,
    }


def _phases(report: RunReport) -> dict[str, Any]:
    phases: dict[str, Any] = {}
    if report.training is not None or report.evaluation is not None:
        phases["training"] = _training_phase(report)
    if report.deployment is not None:
        phases["deployment"] = _deployment_phase(report.deployment)
    if report.probe is not None:
        phases["testing"] = _testing_phase(report.probe)
    if report.failed_phase is not None:
        key = "overall_status" if report.failed_phase == "testing" else "pipeline_status"
        phases[report.failed_phase] = {**phases.get(report.failed_phase, {}), key: "failed"}
    return phases


def _training_phase(report: RunReport) -> dict[str, Any]:
    phase: dict[str, Any] = {
        "pipeline_status": "success",
        "training_job_name": _training_job(report),
    }
    if report.evaluation is not None:
        phase["evaluation_results"] = _evaluation_results(report.evaluation)
    if report.package is not None:
        phase["model_package_arn"] = report.package.arn
        phase["approval_status"] = report.package.approval_status.value
    return phase


def _evaluation_results(evaluation: Evaluation) -> dict[str, Any]:
    metrics = evaluation.metrics
    return {
        **{name: metrics.get(name) for name in _OWN_METRICS},
        "classification_report": evaluation.classification_report,
        "confusion_matrix": evaluation.confusion_matrix,
        "labels": evaluation.labels,
        "row_count": evaluation.row_count,
        "majority_class_accuracy": majority_class_accuracy(evaluation),
        "model_choice": asdict(evaluation.choice) if evaluation.choice else None,
        "custom_metrics": {
            name: value for name, value in metrics.items() if name not in _OWN_METRICS
        },
    }


def _deployment_phase(deployment: DeploymentReport) -> dict[str, Any]:
    good = (DeploymentStatus.SUCCESS, DeploymentStatus.NOTHING_TO_DO)
    phase: dict[str, Any] = {
        "pipeline_status": "success" if deployment.status in good else "failed",
        "deployment_results": {
            "status": deployment.status.value,
            "endpoint_name": deployment.endpoint_name,
            "deployment_duration": deployment.duration_s,
            "release_id": deployment.release_id,
        },
    }
    if deployment.rolled_back_to is not None:
        phase["deployment_results"]["rolled_back_to"] = deployment.rolled_back_to
    if deployment.plan is not None:
        counts = ("create", "update", "delete")
        phase["plan"] = {name: getattr(deployment.plan, name) for name in counts}
    return phase


def _testing_phase(probe: ProbeReport) -> dict[str, Any]:
    latency = probe.latency
    return {
        "overall_status": _overall_status(probe),
        "test_summary": {
            "prediction_accuracy": probe.prediction_accuracy,
            "avg_latency_ms": latency.avg_ms if latency else None,
            "p50_latency_ms": latency.p50_ms if latency else None,
            "p95_latency_ms": latency.p95_ms if latency else None,
            "p99_latency_ms": latency.p99_ms if latency else None,
            "performance_success_rate": latency.success_rate if latency else None,
            "requests_per_second": latency.throughput_rps if latency else None,
        },
        "tests": [
            {"name": case.name, "passed": case.passed, "detail": case.detail}
            for case in probe.cases
        ],
    }


def _decision(report: RunReport) -> dict[str, Any] | None:
    if report.decision is None:
        return None
    return {"verdict": report.decision.verdict.value, "reasons": report.decision.reasons}


def _error(report: RunReport) -> dict[str, Any]:
    failure = report.failure
    if failure is None:
        return {}
    shown = {"code": failure.code, "message": failure.message, "remedy": failure.remedy}
    return {"error": shown}


def _training_job(report: RunReport) -> str | None:
    if report.training is not None:
        return report.training.job_name
    return report.evaluation.training_job if report.evaluation else None


def _overall_status(probe: ProbeReport) -> str:
    return "passed" if probe.passed else "failed"


def _dotenv_value(value: str) -> str:
    return _NOT_IN_DOTENV.sub("", value).strip()[:_DOTENV_VALUE_LENGTH]


def _plain(value: Any) -> Any:
    """Copy a value as JSON has it: lists, objects, null for a number that is none."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
