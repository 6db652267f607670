"""Where AWS is: the real one or the embedded one, its boto3 clients and the environment that Terraform needs for it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pipeline.core.errors import CloudUnusable, PipelineError, UsageError

logger = logging.getLogger(__name__)

LOCAL_ACCOUNT = "000000000000"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
# What a program may inherit. Anything else (TF_VAR_*, TF_CLI_ARGS*, tokens) would change a plan unseen or leak.
_INHERITED = {
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "NO_PROXY",
    "PATH",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
    "https_proxy",
    "http_proxy",
    "no_proxy",
}


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """One account and region of AWS. `endpoint_url` is None for the real one."""

    region: str
    endpoint_url: str | None
    inherited: Mapping[str, str] = field(repr=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_local(self) -> bool:
        return self.endpoint_url is not None

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service, the same one for each call."""
        if service not in self._clients:
            self._clients[service] = self._new_client(service)
        return self._clients[service]

    def _new_client(self, service: str) -> Any:
        import boto3
        from botocore.config import Config

        retries = {"mode": "standard", "total_max_attempts": 6}
        local: dict[str, Any] = {}
        s3: dict[str, str] = {}
        if self.endpoint_url:
            local = {
                "endpoint_url": self.endpoint_url,
                "aws_access_key_id": "local",
                "aws_secret_access_key": "local",
            }
            s3 = {"addressing_style": "path"}
        session = boto3.session.Session(
            region_name=self.region, botocore_session=_without_profile() if local else None
        )
        return session.client(
            service, config=Config(retries=retries, s3=s3, proxies={} if local else None), **local
        )

    def account_id(self) -> str:
        """Return the account of the credentials in use. Raises CloudUnusable."""
        try:
            return str(self.client("sts").get_caller_identity()["Account"])
        except Exception as error:
            msg = "read the AWS account"
            raise unusable(msg, error) from error

    def environment(self) -> dict[str, str]:
        """Return the whole environment for a program that talks to this cloud."""
        variables = {key: value for key, value in self.inherited.items() if key in _INHERITED}
        if not self.endpoint_url:
            variables |= {
                key: value for key, value in self.inherited.items() if key.startswith("AWS_")
            }
            return variables | {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}
        return variables | {
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": self.region,
            "AWS_SECRET_ACCESS_KEY": "local",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }


def _without_profile() -> Any:
    """Return a session that never looks at the user's profiles: they are for the real AWS."""
    from botocore.session import Session

    return Session(session_vars={"profile": (None, None, None, None), "config_file": (None, None, "/dev/null", None), "credentials_file": (None, None, "/dev/null", None)})


def real_cloud(*, region: str, environment: Mapping[str, str]) -> Cloud:
    """Return the real AWS; refuses an environment that points at this machine."""
    named = environment.get("AWS_ENDPOINT_URL", "")
    if urlsplit(named).hostname in _LOOPBACK:
        msg = f"The backend is aws, but AWS_ENDPOINT_URL is {named}, which is this machine."
        raise UsageError(
            msg,
            remedy="Unset AWS_ENDPOINT_URL, or use --backend local.",
        )
    return Cloud(region=region, endpoint_url=None, inherited=environment)


def local_cloud(endpoint_url: str, *, region: str, environment: Mapping[str, str]) -> Cloud:
    """Return the embedded AWS; refuses an address that is not this machine's."""
    if urlsplit(endpoint_url).hostname not in _LOOPBACK:
        msg = f"The backend is local, but the AWS endpoint is {endpoint_url}, which is not this machine."
        raise UsageError(
            msg,
            remedy="Unset AWS_ENDPOINT_URL, or use --backend aws.",
        )
    return Cloud(region=region, endpoint_url=endpoint_url, inherited=environment)


_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "ExpiredToken",
    "ExpiredTokenException",
    "SignatureDoesNotMatch",
}


def error_code(error: BaseException) -> str:
    """Return AWS's error code of a ClientError; an empty text for any other error."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def unusable(what: str, error: Exception) -> PipelineError:
    """Turn a failed call into the error that says what to do. `what` reads after "could not"."""
    if isinstance(error, PipelineError):
        return error
    if error_code(error) in _DENIED:
        remedy = "Check the credentials and give their role the permission that AWS names."
    else:
        remedy = "Check credentials, region and network (aws sts get-caller-identity), then run the command again."
    return CloudUnusable(f"Could not {what}: {error}", remedy=remedy)
