"""SageMaker's scikit-learn image: where each region has it, and which machines run it.

The account ids are sagemaker-core's (`image_uri_config/sklearn.json`); a test holds this table
to the version that requirements-dev.txt pins. That library is not imported by the runner: it takes
three seconds to start and brings 28 packages, for one line of text.
"""

import re

from pipeline.core.errors import UsageError

# Its scikit-learn is the one that requirements.txt pins, so that artifacts load on both sides.
VERSION = "1.9-0"
_REGISTRIES = {
    "af-south-1": "510948584623",
    "ap-east-1": "651117190479",
    "ap-northeast-1": "354813040037",
    "ap-northeast-2": "366743142698",
    "ap-northeast-3": "867004704886",
    "ap-south-1": "720646828776",
    "ap-south-2": "628508329040",
    "ap-southeast-1": "121021644041",
    "ap-southeast-2": "783357654285",
    "ap-southeast-3": "951798379941",
    "ap-southeast-4": "106583098589",
    "ca-central-1": "341280168497",
    "ca-west-1": "190319476487",
    "cn-north-1": "450853457545",
    "cn-northwest-1": "451049120500",
    "eu-central-1": "492215442770",
    "eu-central-2": "680994064768",
    "eu-north-1": "662702820516",
    "eu-south-1": "978288397137",
    "eu-south-2": "104374241257",
    "eu-west-1": "141502667606",
    "eu-west-2": "764974769150",
    "eu-west-3": "659782779980",
    "il-central-1": "898809789911",
    "me-central-1": "272398656194",
    "me-south-1": "801668240914",
    "sa-east-1": "737474898029",
    "us-east-1": "683313688378",
    "us-east-2": "257758044811",
    "us-gov-east-1": "237065988967",
    "us-gov-west-1": "414596584902",
    "us-iso-east-1": "833128469047",
    "us-isob-east-1": "281123927165",
    "us-isof-east-1": "108575199400",
    "us-isof-south-1": "124985052026",
    "us-west-1": "746614075791",
    "us-west-2": "246618743249",
}
_DOMAINS = {
    "cn-": "amazonaws.com.cn",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
}
# Graviton by the letter behind the generation (c7g, m6gd, g5g); Nvidia's Grace (p6e-gb200)
_ARM = re.compile(r"ml\.([a-z]+\d+g[a-z]*|p\d+e-gb\d+)\.")


def image_uri(region: str) -> str:
    """Return the URI of the scikit-learn image of a region.

    Raises UsageError for a region that has none.
    """
    registry = _REGISTRIES.get(region)
    if registry is None:
        message = f"SageMaker has no scikit-learn image in {region}."
        raise UsageError(message, remedy="Change aws_region.")
    others = (domain for prefix, domain in _DOMAINS.items() if region.startswith(prefix))
    domain = next(others, "amazonaws.com")
    return f"{registry}.dkr.ecr.{region}.{domain}/sagemaker-scikit-learn:{VERSION}-cpu-py3"


def runs_the_image(instance_type: str) -> bool:
    """Tell whether machines of a type have what the image is built for: an x86 processor.

    An accelerator beside it stays unused: SageMaker's library has no image for those, this one
    runs.
    """
    return _ARM.match(instance_type) is None
