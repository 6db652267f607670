"""Something of everything that must survive a restart, always under the name `kept`."""

import json
import time

from emulator.tests.support.embedded import Embedded

TRUST = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::kept/*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}
BIG = b"0123456789" * 700_000


def fill_storage(cloud: Embedded) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_policy(Bucket="kept", Policy=json.dumps(POLICY))
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    encryption = {"Rules": [rule]}
    s3.put_bucket_encryption(Bucket="kept", ServerSideEncryptionConfiguration=encryption)
    s3.put_object(Bucket="kept", Key="object", Body=b"first")
    s3.put_object(Bucket="kept", Key="object", Body=BIG, Metadata={"sha": "abc"})
    s3.put_object(Bucket="kept", Key="deleted", Body=b"")
    s3.delete_object(Bucket="kept", Key="deleted")


def fill_security(cloud: Embedded) -> bytes:
    kms, iam, ssm = cloud.client("kms"), cloud.client("iam"), cloud.client("ssm")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/kept", TargetKeyId=key)
    signing = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/signing", TargetKeyId=signing)
    iam.create_role(RoleName="kept", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName="kept", PolicyName="inline", PolicyDocument=json.dumps(POLICY))
    ssm.put_parameter(Name="/kept/plain", Value="one", Type="String")
    ssm.put_parameter(Name="/kept/plain", Value="two", Type="String", Overwrite=True)
    ssm.put_parameter(Name="/kept/secret", Value="three", Type="SecureString")
    encrypted: bytes = kms.encrypt(KeyId=key, Plaintext=b"plain text")["CiphertextBlob"]
    return encrypted


def fill_messages(cloud: Embedded) -> None:
    sns, sqs, logs = cloud.client("sns"), cloud.client("sqs"), cloud.client("logs")
    topic = sns.create_topic(Name="kept")["TopicArn"]
    queue = sqs.create_queue(QueueName="kept")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
    sqs.send_message(QueueUrl=queue, MessageBody="sent before")
    logs.create_log_group(logGroupName="/kept")
    logs.create_log_stream(logGroupName="/kept", logStreamName="stream")
    event = {"timestamp": time.time_ns() // 1_000_000, "message": "a line"}
    logs.put_log_events(logGroupName="/kept", logStreamName="stream", logEvents=[event])
    put_alarm(cloud, "kept")
    data = {"MetricName": "Errors", "Value": 3.0}
    cloud.client("cloudwatch").put_metric_data(Namespace="Tests", MetricData=[data])
    sagemaker = cloud.sagemaker
    sagemaker.create_model_package_group(ModelPackageGroupName="kept")
    for _ in range(2):
        add_model_package(cloud)


def put_alarm(cloud: Embedded, name: str) -> None:
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="Tests",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )


def add_model_package(cloud: Embedded) -> str:
    created = cloud.sagemaker.create_model_package(
        ModelPackageGroupName="kept", CustomerMetadataProperties={"accuracy": "0.97"}
    )
    return str(created["ModelPackageArn"])
