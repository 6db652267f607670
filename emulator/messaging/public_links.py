"""The links in SNS messages: requests without a signature, for which a topic's region is read.

Source: "ConfirmSubscription" and "Unsubscribe" pages of the API reference: neither must be signed.
"""

from urllib.parse import parse_qs

from emulator.answers import Environ
from emulator.calls import Call

_ACTIONS = {"ConfirmSubscription": "TopicArn", "Unsubscribe": "SubscriptionArn"}


def sign_public_link(call: Call, environ: Environ) -> None:
    """Let moto see what a link asks for as a request to SNS in the right region."""
    parameter = _ACTIONS.get(call.action)
    if call.service != "unsigned" or parameter is None:
        return
    arn = next(iter(parse_qs(environ.get("QUERY_STRING", "")).get(parameter, [])), "")
    parts = arn.split(":")
    if len(parts) > 3:
        scope = f"link/20000101/{parts[3]}/sns/aws4_request"
        environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 Credential={scope}"
