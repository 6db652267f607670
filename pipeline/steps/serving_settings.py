"""How a model is served: everything of a release that SageMaker cannot change in place."""

from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.records import DataCapture, ServingSettings


def container_environment(region: str) -> dict[str, str]:
    """Return the environment of the serving container (scikit-learn image, script mode).

    The code lies in the artifact itself, below code/: nobody repacks what was judged.
    """
    return {
        "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_REGION": region,
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    }


def _data_capture(workspace: Workspace) -> DataCapture | None:
    percentage = workspace.settings.monitoring.data_capture_percentage
    if percentage == 0:
        return None
    place = naming.capture_prefix(workspace.context.endpoint)
    return DataCapture(percentage=percentage, destination_uri=workspace.store.uri(place))


def serving_settings(workspace: Workspace, *, image_uri: str) -> ServingSettings:
    """Copy settings and foundation into what a release keeps for ever."""
    settings, foundation = workspace.settings, workspace.foundation
    return ServingSettings(
        image_uri=image_uri,
        instance_type=settings.instance_type,
        container_environment=container_environment(workspace.context.cloud.region),
        execution_role_arn=foundation.role_arn,
        network_isolation=foundation.network_isolation,
        startup_timeout_s=settings.deployment.startup_timeout_s,
        subnet_ids=foundation.vpc.subnet_ids or (),
        security_group_ids=foundation.vpc.security_group_ids or (),
        kms_key_arn=foundation.kms_key_arn,
        data_capture=_data_capture(workspace),
        rollback_alarms=settings.rollback_alarms,
    )
