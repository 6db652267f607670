"""Names fit SageMaker's and S3's limits whatever they are made of, or are refused."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import naming
from pipeline.core.errors import UsageError
from tests.unit.core_builders import NOON

RELEASE = "r-20260102-120000-abcdef"
SHA = "abcdef" + "0" * 58
words = st.from_regex(r"[a-z0-9](-*[a-z0-9]){0,40}", fullmatch=True)
counts = st.integers(1, naming.MAX_INSTANCE_COUNT)
instants = st.integers(0, 250_000_000_000).map(lambda epoch_s: datetime.fromtimestamp(epoch_s, UTC))
SAGEMAKER = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


def test_a_training_job_is_named_by_prefix_and_utc_time() -> None:
    in_berlin = NOON.astimezone(timezone(timedelta(hours=1)))
    assert naming.training_job_name("iris-classifier", in_berlin) == (
        "iris-classifier-20260102-120000"
    )


def test_only_a_collision_adds_a_suffix() -> None:
    assert naming.training_job_name("iris", NOON, attempt=2) == "iris-20260102-120000-2"


def test_a_release_id_carries_the_first_six_digits_of_the_artifact() -> None:
    assert naming.release_id(SHA, NOON) == RELEASE


def test_names_derive_from_the_endpoint_the_release_and_the_count() -> None:
    key = naming.config_key(RELEASE, 2)
    assert key == f"{RELEASE}-n2"
    assert naming.endpoint_config_name("iris-model-staging", key) == f"iris-model-staging-{key}"


@given(words, words, instants, counts)
def test_an_accepted_endpoint_leaves_room_for_all_that_derives_from_it(
    prefix: str, environment: str, created: datetime, count: int
) -> None:
    try:
        endpoint = naming.endpoint_name(prefix, environment)
    except UsageError:
        assert len(f"{prefix}-{environment}") > naming.ENDPOINT_LIMIT
        return
    key = naming.config_key(naming.release_id(SHA, created), count)
    assert SAGEMAKER.fullmatch(naming.endpoint_config_name(endpoint, key))


@given(words, instants, st.integers(1, 99), st.integers(1, 99))
def test_an_accepted_prefix_leaves_room_for_job_names(
    prefix: str, started: datetime, attempt: int, again: int
) -> None:
    try:
        job = naming.training_job_name(prefix, started, attempt=attempt)
    except UsageError:
        assert len(prefix) > naming.MODEL_PREFIX_LIMIT
        return
    assert SAGEMAKER.fullmatch(naming.processing_job_name(job, attempt=again))


@given(words, counts, instants)
def test_a_config_key_is_found_in_the_name_of_its_config(
    endpoint: str, count: int, created: datetime
) -> None:
    key = naming.config_key(naming.release_id(SHA, created), count)
    assert naming.config_key_of(endpoint, f"{endpoint}-{key}") == key
    assert naming.parse_config_key(key).instance_count == count
    assert str(naming.parse_config_key(key)) == key


@pytest.mark.parametrize("name", ["someone-elses", "iris-r-1-n1", f"iris-{RELEASE}-n0"])
def test_a_foreign_config_name_has_no_key(name: str) -> None:
    assert naming.config_key_of("iris", name) is None


@pytest.mark.parametrize(
    "key", ["", RELEASE, f"{RELEASE}-n0", f"{RELEASE}-n1000", f"{RELEASE}-n1\n"]
)
def test_what_is_no_config_key_is_refused(key: str) -> None:
    with pytest.raises(UsageError, match="not the key"):
        naming.parse_config_key(key)


@pytest.mark.parametrize("name", ["", "-a", "a-", "a_b", "a b", "ä", "a\n", "${x}"])
def test_a_name_sagemaker_would_refuse_is_refused_first(name: str) -> None:
    with pytest.raises(UsageError, match="SageMaker does not accept"):
        naming.training_job_name(name, NOON)


def test_bucket_names_are_those_of_the_contract() -> None:
    place = {"account": "000000000000", "region": "us-east-1"}
    assert naming.artifact_bucket_name("mlops", "staging", **place) == (
        "mlops-staging-000000000000-us-east-1"
    )
    assert naming.state_bucket_name("mlops", **place) == "mlops-state-000000000000-us-east-1"


@pytest.mark.parametrize("project", ["Upper", "under_score", "x" * 40])
def test_a_bucket_name_s3_would_refuse_is_refused_first(project: str) -> None:
    with pytest.raises(UsageError, match="bucket name"):
        naming.artifact_bucket_name(project, "staging", account="0" * 12, region="us-east-1")


def test_objects_lie_where_the_contract_says() -> None:
    assert naming.artifact_object(SHA) == f"artifacts/sha256/{SHA}/model.tar.gz"
    assert naming.release_object("e", RELEASE) == f"releases/e/{RELEASE}.json"
    assert naming.history_object("e", 7) == "history/e/000000000007.json"
    assert naming.evaluation_object("job") == "jobs/job/evaluation.json"
    assert naming.data_prefix(SHA) == f"data/{SHA}/"
    assert naming.foundation_parameter_name("p", "e") == "/mlops/p/e/foundation"


@pytest.mark.parametrize("release", ["../x", "r-20260102-120000-ABCDEF", f"{RELEASE}/.."])
def test_a_release_id_never_leaves_its_folder(release: str) -> None:
    with pytest.raises(UsageError, match="not a release id"):
        naming.release_object("e", release)
