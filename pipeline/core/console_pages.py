"""Where people look at what a run made: pages of AWS's console."""

from pipeline.core.outcomes import RunReport
from pipeline.core.results import endpoint_of, training_job_of

_DOMAINS = {"cn": "console.amazonaws.cn", "us-gov": "console.amazonaws-us-gov.com"}


def console_pages(report: RunReport) -> dict[str, str]:
    """Return URLs by what they show; none for the embedded AWS, which has no console."""
    if report.backend != "aws" or not report.region:
        return {}
    pages = {}
    endpoint, job = endpoint_of(report), training_job_of(report)
    if endpoint:
        pages["Endpoint"] = _page(report.region, "sagemaker", f"endpoints/{endpoint}")
    if endpoint and report.has_dashboard:
        pages["Dashboard"] = _page(report.region, "cloudwatch", f"dashboards/dashboard/{endpoint}")
    if job:
        pages["Training job"] = _page(report.region, "sagemaker", f"jobs/{job}")
    return pages


def _page(region: str, service: str, fragment: str) -> str:
    domain = next(
        (each for start, each in _DOMAINS.items() if region.startswith(f"{start}-")),
        "console.aws.amazon.com",
    )
    return f"https://{region}.{domain}/{service}/home?region={region}#/{fragment}"
