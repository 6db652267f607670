"""ARNs in a region of another partition: what SageMaker, CloudWatch and scaling answer there."""

from typing import Any

import boto3
import pytest

from emulator.tests.support.embedded import Embedded


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_arns_are_those_of_the_partition_of_the_region(
    embedded: Embedded, region: str, partition: str
) -> None:
    def client(service: str) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=embedded.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    made = client("sagemaker").create_model_package_group(ModelPackageGroupName="partitions")
    arn = made["ModelPackageGroupArn"]
    client("cloudwatch").put_metric_alarm(
        AlarmName="partitions",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="Never",
        Namespace="MLOps",
        Period=60,
        Statistic="Sum",
        Threshold=0,
    )
    (alarm,) = client("cloudwatch").describe_alarms(AlarmNames=["partitions"])["MetricAlarms"]
    topic = client("sns").create_topic(Name="partitions")["TopicArn"]
    for each in (arn, alarm["AlarmArn"], topic):
        assert each.split(":")[:2] == ["arn", partition]
        assert each.split(":")[3] == region
