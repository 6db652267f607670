"""Lambda functions as processes: what they answer, when they fail, when they take too long."""

import base64
import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.buses import a_rule, groups, put
from emulator.tests.support.embedded import Embedded, eventually, unique

pytestmark = pytest.mark.emulated

REGISTERING = """
import boto3

def handle(event, context):
    print("handling", context.function_name)
    if event["detail"].get("fail"):
        raise ValueError("told to fail")
    group = event["detail"]["group"]
    boto3.client("sagemaker").create_model_package_group(ModelPackageGroupName=group)
    return {"created": group}
"""


def a_function(embedded: Embedded, code: str = REGISTERING, *, timeout_s: int = 20) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", code)
    embedded.client("iam").create_role(
        RoleName=(role := unique("role")), AssumeRolePolicyDocument="{}"
    )
    arn: str = embedded.client("lambda").create_function(
        FunctionName=unique("function"),
        Runtime="python3.11",
        Role=f"arn:aws:iam::000000000000:role/{role}",
        Handler="handler.handle",
        Code={"ZipFile": packed.getvalue()},
        Timeout=timeout_s,
    )["FunctionArn"]
    return arn


def test_a_function_runs_as_a_process_that_reaches_aws(embedded: Embedded) -> None:
    group = unique("made-by-function")
    put(embedded, a_rule(embedded, a_function(embedded)), group=group)
    assert eventually(lambda: groups(embedded, group), bool, limit_s=30) == [group]


def test_a_topic_runs_the_function_that_subscribed(embedded: Embedded) -> None:
    group = unique("made-by-topic")
    code = (
        "import boto3\n"
        "def handle(event, context):\n"
        "    name = event['Records'][0]['Sns']['Message']\n"
        "    boto3.client('sagemaker').create_model_package_group(ModelPackageGroupName=name)\n"
    )
    sns = embedded.client("sns")
    topic = sns.create_topic(Name=unique("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=a_function(embedded, code))
    sns.publish(TopicArn=topic, Message=group)
    assert eventually(lambda: groups(embedded, group), bool, limit_s=30) == [group]


def test_an_invoked_function_answers_with_its_result_or_its_error(embedded: Embedded) -> None:
    function, group = a_function(embedded), unique("made-by-invoke")
    invoke = embedded.client("lambda").invoke
    done = invoke(
        FunctionName=function, Payload=json.dumps({"detail": {"group": group}}), LogType="Tail"
    )
    failed = invoke(FunctionName=function, Payload=json.dumps({"detail": {"fail": True}}))
    assert json.loads(done["Payload"].read()) == {"created": group}
    assert "handling function" in base64.b64decode(done["LogResult"]).decode()
    assert failed["FunctionError"] == "Unhandled"
    assert json.loads(failed["Payload"].read())["errorMessage"] == "told to fail"


def test_a_function_that_takes_too_long_is_ended(embedded: Embedded) -> None:
    function = a_function(
        embedded, "import time\ndef handle(event, context): time.sleep(60)", timeout_s=1
    )
    answer = embedded.client("lambda").invoke(FunctionName=function, Payload="{}")
    assert "Task timed out after 1.00 seconds" in answer["Payload"].read().decode()


def test_a_payload_that_is_not_json_is_refused(embedded: Embedded) -> None:
    with pytest.raises(ClientError) as refused:
        embedded.client("lambda").invoke(FunctionName=a_function(embedded), Payload=b"garbage")
    assert refused.value.response["Error"]["Code"] == "InvalidRequestContentException"


def test_code_that_is_no_archive_is_the_functions_error(embedded: Embedded) -> None:
    arn = a_function(embedded)
    embedded.client("lambda").update_function_code(FunctionName=arn, ZipFile=b"garbage")
    answer = embedded.client("lambda").invoke(FunctionName=arn, Payload=b"{}")
    assert answer["FunctionError"] == "Unhandled"
    assert b"no zip archive" in answer["Payload"].read()
