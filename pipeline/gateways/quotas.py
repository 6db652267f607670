"""What the account may have at once, by Service Quotas."""

from pipeline.gateways.aws import Cloud, attempting


def quota(cloud: Cloud, name: str) -> float | None:
    """Return SageMaker's quota of this name; None where none is listed."""
    pages = cloud.client("service-quotas").get_paginator("list_service_quotas")
    with attempting("list the quotas of SageMaker"):
        for page in pages.paginate(ServiceCode="sagemaker"):
            for each in page["Quotas"]:
                if each["QuotaName"] == name:
                    return float(each["Value"])
    return None
