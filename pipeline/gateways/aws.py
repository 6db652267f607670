"""Where AWS is, the real one or the embedded one: its clients, and its programs' environment."""

import difflib
import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from pipeline.core.errors import CloudUnusable, PipelineError, UsageError

# What a call may fail with: refused, without an answer, or with one that was cut off.
FAILURES = (ClientError, BotoCoreError, ResponseParserError)

_LOCAL_KEY = "local"
# What a program may inherit. Anything else (TF_VAR_*, TF_CLI_ARGS*, tokens) would change a plan
# unseen, or leak.
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
_DENIED = {
    "403",
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
}
_OF_ANOTHER_TIME = {"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"}
_LATE_OR_EARLY = ("Signature expired", "Signature not yet current")  # of SignatureDoesNotMatch
_THROTTLED = {"SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException"}
_OVER_QUOTA = {"LimitExceededException", "ResourceLimitExceeded", "ServiceQuotaExceededException"}


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """One account and region of AWS. `endpoint_url` is None for the real one.

    `is_hurried`: what does not answer soon is not asked again; for who only wants to look.
    """

    region: str
    endpoint_url: str | None
    inherited: Mapping[str, str] = field(repr=False)
    is_hurried: bool = False
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _making: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def is_local(self) -> bool:
        return self.endpoint_url is not None

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service, the same one for each call."""
        with self._making:  # botocore's sessions make one client at a time
            if service not in self._clients:
                self._clients[service] = self._new_client(service)
            return self._clients[service]

    def client_with(self, service: str, config: Any) -> Any:
        """Return a client of its own, which asks in another way than all others."""
        from botocore.config import Config

        if self.is_local:
            config = config.merge(Config(proxies={}))
        return self._session.client(service, config=config, endpoint_url=self.endpoint_url)

    def credentials(self) -> Any:
        """Return the credentials that the clients sign with; they refresh themselves."""
        return self._session.get_credentials()

    @property
    def partition(self) -> str:
        """The part of AWS that the region belongs to, as ARNs name it: aws, aws-cn, aws-us-gov."""
        return str(self._session.get_partition_for_region(self.region))

    @property
    def ca_bundle(self) -> str | bool:
        """The file of certificates that the clients trust, or True for botocore's own."""
        named = self._botocore_session.get_config_variable("ca_bundle")
        return str(named or self.inherited.get("REQUESTS_CA_BUNDLE") or "") or True

    def _new_client(self, service: str) -> Any:
        from botocore.config import Config

        config = Config(retries={"mode": "standard", "total_max_attempts": 6})
        if self.is_hurried:
            config = Config(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=10)
        if not self.endpoint_url:
            return self._session.client(service, config=config)
        only_here = Config(
            s3={"addressing_style": "path"},
            proxies={},
            use_fips_endpoint=False,
            use_dualstack_endpoint=False,
        )
        return self._session.client(
            service, config=config.merge(only_here), endpoint_url=self.endpoint_url
        )

    @cached_property
    def _session(self) -> Any:
        import boto3

        keys = {"aws_access_key_id": _LOCAL_KEY, "aws_secret_access_key": _LOCAL_KEY}
        return boto3.session.Session(
            region_name=self.region,
            botocore_session=self._botocore_session,
            **(keys if self.is_local else {}),
        )

    @cached_property
    def _botocore_session(self) -> Any:
        """The user's profiles are for the real AWS: the embedded one never looks at them."""
        from botocore.session import Session

        session = _session_without_profiles() if self.is_local else Session()
        session.register("after-call", _require_whole)
        return session

    def caller(self) -> str:
        """Return the ARN of who the credentials in use are. Raises CloudUnusable."""
        with attempting("read the AWS account"):
            return str(self.client("sts").get_caller_identity()["Arn"])

    def account_id(self) -> str:
        return self.caller().split(":")[4]

    def environment(self) -> dict[str, str]:
        """Return the whole environment for a program that talks to this cloud."""
        variables = {key: value for key, value in self.inherited.items() if key in _INHERITED}
        if not self.endpoint_url:
            variables |= {
                key: value for key, value in self.inherited.items() if key.startswith("AWS_")
            }
            return variables | {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}
        return variables | {
            "AWS_ACCESS_KEY_ID": _LOCAL_KEY,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": self.region,
            "AWS_SECRET_ACCESS_KEY": _LOCAL_KEY,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1,localhost,::1",
            "no_proxy": "127.0.0.1,localhost,::1",
        }


def _require_whole(http_response: Any, model: Any, **_: Any) -> None:
    """Refuse an answer that ends in the middle: botocore reads cut JSON as one without members."""
    length = http_response.headers.get("content-length")
    if length is None or model.has_streaming_output or model.http["method"] == "HEAD":
        return
    if "content-encoding" not in http_response.headers and len(http_response.content) < int(length):
        message = f"The answer ends after {len(http_response.content)} of {length} bytes."
        raise ResponseParserError(message)


def _session_without_profiles() -> Any:
    from botocore.session import Session

    nothing = (None, None, os.devnull, None)
    return Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": nothing,
            "credentials_file": nothing,
        }
    )


def require_region(region: str) -> None:
    """Refuse a region that SageMaker does not have, as far as botocore knows."""
    session = _session_without_profiles()
    known = [
        each
        for partition in session.get_available_partitions()
        for each in session.get_available_regions("sagemaker", partition)
    ]
    if region in known:
        return
    near = difflib.get_close_matches(region, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    message = f"There is no AWS region {region} with SageMaker that this version knows."
    raise UsageError(message, remedy=f"Correct aws_region or --region.{hint}")


def real_cloud(*, region: str, environment: Mapping[str, str]) -> Cloud:
    """Return the real AWS; refuses an environment that points at this machine."""
    for name, url in sorted(environment.items()):
        if name.startswith("AWS_ENDPOINT_URL") and _is_this_machine(url):
            message = f"The backend is aws, but {name} is {url}, which is this machine."
            raise UsageError(message, remedy=f"Unset {name}, or use --backend local.")
    return Cloud(region=region, endpoint_url=None, inherited=environment)


def local_cloud(endpoint_url: str, *, region: str, environment: Mapping[str, str]) -> Cloud:
    """Return the embedded AWS; refuses an address that is not this machine's."""
    if not _is_this_machine(endpoint_url):
        message = (
            f"The backend is local, but AWS_ENDPOINT_URL is {endpoint_url}, "
            "which is not this machine."
        )
        raise UsageError(message, remedy="Unset AWS_ENDPOINT_URL, or use --backend aws.")
    return Cloud(region=region, endpoint_url=endpoint_url, inherited=environment)


def _is_this_machine(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def attempting(what: str) -> Iterator[None]:
    """Turn a call that fails inside the block into the error that says what to do.

    `what` reads after "Could not".
    """
    try:
        yield
    except FAILURES as error:
        raise unusable(what, error) from error


def if_there(what: str, call: Callable[[], Any], *, missing: Collection[str]) -> Any:
    """Return what a call answers; None where AWS says by one of these codes that it is not there.

    Fails as `attempting` does.
    """
    with attempting(what):
        try:
            return call()
        except ClientError as error:
            if error_code(error) in missing:
                return None
            raise


def error_code(error: BaseException) -> str:
    """Return AWS's error code of a ClientError; an empty text for any other error."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def request_id(error: BaseException) -> str:
    """Return the id of the call that AWS refused, by which its support finds it; empty for none."""
    cause = error.__cause__ or error
    response = getattr(cause, "response", None)
    metadata = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
    return str(metadata.get("RequestId", ""))


def is_throttled(error: PipelineError) -> bool:
    """Tell whether AWS refused the call of this error because there were too many."""
    cause = error.__cause__
    return cause is not None and error_code(cause) in _THROTTLED


def unusable(what: str, error: Exception) -> PipelineError:
    """Turn a failed call into the error that says what to do. `what` reads after "Could not"."""
    code = error_code(error)
    if code in _OF_ANOTHER_TIME or any(words in str(error) for words in _LATE_OR_EARLY):
        remedy = "Set this machine's clock (NTP): AWS refuses signatures of another time."
    elif code in _DENIED:
        remedy = "Check the credentials and give their role the permission that AWS names."
    elif code in _THROTTLED:
        remedy = "AWS asks for fewer calls: wait a minute, then run the command again."
    elif code in _OVER_QUOTA:
        remedy = "Ask for a higher quota (Service Quotas), or use another instance type."
    else:
        remedy = (
            "Check credentials, region and network (aws sts get-caller-identity), "
            "then run the command again."
        )
    return CloudUnusable(f"Could not {what}: {error}", remedy=remedy)
