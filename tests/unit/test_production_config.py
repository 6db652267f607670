"""What production is shipped with: a canary and a bake in which every alarm can ring."""

from pipeline.configuration.loading import PROJECT_ROOT, load_settings
from pipeline.configuration.settings import Settings
from pipeline.core.head import Strategy

# A whole minute to judge, and the minute by which SageMaker's metrics come late
_RINGS_WITHIN_S = 120


def shipped(name: str) -> Settings:
    return load_settings(config_file=PROJECT_ROOT / name, environment={}, flags={})


def test_production_is_tested_while_the_old_fleet_is_warm() -> None:
    settings = shipped("pipeline_config.production.json")
    deployment = settings.deployment
    assert settings.environment == "production"
    assert deployment.strategy is Strategy.CANARY
    assert deployment.wait_interval_s >= _RINGS_WITHIN_S
    assert deployment.termination_wait_s >= _RINGS_WITHIN_S
    assert deployment.waits_s < deployment.maximum_execution_timeout_s


def test_a_canary_of_production_is_one_whole_instance() -> None:
    deployment = shipped("pipeline_config.production.json").deployment
    canary = deployment.instance_count * (deployment.step_percentage or 0) / 100
    assert canary == 1


def test_production_judges_by_the_same_limits_as_staging() -> None:
    staging, production = (
        shipped(name) for name in ("pipeline_config.json", "pipeline_config.production.json")
    )
    assert production.accuracy_limits == staging.accuracy_limits
    assert production.training == staging.training


def test_staging_is_quick() -> None:
    assert shipped("pipeline_config.json").deployment.waits_s == 0
