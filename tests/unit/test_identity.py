"""Two models are the same when their callers could not tell them apart by name and columns."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import naming
from pipeline.core.errors import UsageError
from pipeline.core.identity import (
    ModelIdentity,
    another_name,
    differences,
    own_endpoint_prefix,
    require_same_model,
    telling_release,
)
from tests.unit.core_builders import a_head_retaining, an_empty_head

NAMES = st.lists(st.text(max_size=8), min_size=1, max_size=6, unique=True).map(tuple)
IDENTITIES = st.builds(
    ModelIdentity, name=st.text(max_size=8), target=st.text(max_size=8), columns=NAMES, labels=NAMES
)
PREFIXES = st.from_regex(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,29}", fullmatch=True).filter(
    lambda name: len(name) <= naming.MODEL_PREFIX_LIMIT
)
ENVIRONMENTS = st.from_regex(r"[a-z][a-z0-9-]{0,14}[a-z0-9]", fullmatch=True)

IRIS = ModelIdentity(
    name="iris-classifier",
    target="species",
    columns=("sepal_length", "petal_length"),
    labels=("setosa", "virginica"),
)


def refused(serving: ModelIdentity, candidate: ModelIdentity) -> UsageError:
    with pytest.raises(UsageError) as error:
        require_same_model(serving, candidate, endpoint="iris-model-staging", remedy="Go away.")
    return error.value


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "wine"}, "Its name is 'wine', not 'iris-classifier'."),
        ({"target": "cultivar"}, "Its target column is 'cultivar', not 'species'."),
        (
            {"columns": ("sepal_length", "petal_length", "hue")},
            "New feature columns: 'hue'.",
        ),
        ({"columns": ("petal_length",)}, "Missing feature columns: 'sepal_length'."),
        ({"labels": ("setosa", "virginica", "x", "y")}, "New classes: 'x', 'y'."),
        ({"labels": ("setosa",)}, "Missing classes: 'virginica'."),
    ],
)
def test_each_difference_is_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    assert differences(IRIS, replace(IRIS, **changes)) == (sentence,)


def test_many_columns_are_counted_and_not_all_named() -> None:
    wide = replace(IRIS, columns=(*IRIS.columns, *(f"pixel_{n}" for n in range(64))))
    (sentence,) = differences(IRIS, wide)
    assert sentence.endswith("'pixel_11', 'pixel_12' and 59 others.")


def test_a_name_with_a_line_end_stays_in_its_line() -> None:
    (sentence,) = differences(IRIS, replace(IRIS, target="a\nb"))
    assert len(sentence.splitlines()) == 1


@given(IDENTITIES, st.randoms())
def test_the_order_of_columns_and_labels_does_not_matter(
    identity: ModelIdentity, random: Any
) -> None:
    columns, labels = list(identity.columns), list(identity.labels)
    random.shuffle(columns)
    random.shuffle(labels)
    shuffled = replace(identity, columns=tuple(columns), labels=tuple(labels))
    assert shuffled == identity
    assert differences(identity, shuffled) == ()


@given(IDENTITIES, IDENTITIES)
def test_without_a_difference_they_are_equal(one: ModelIdentity, other: ModelIdentity) -> None:
    assert (differences(one, other) == ()) == (one == other)


@given(IDENTITIES, IDENTITIES)
def test_exactly_what_differs_is_refused(serving: ModelIdentity, candidate: ModelIdentity) -> None:
    if serving == candidate:
        require_same_model(serving, candidate, endpoint="e", remedy="r")
        return
    error = refused(serving, candidate)
    assert (error.exit_code, error.code, error.remedy) == (2, "AnotherModel", "Go away.")
    assert all(each in error.message for each in differences(serving, candidate))


def test_an_endpoint_that_is_for_no_model_yet_takes_any() -> None:
    require_same_model(None, IRIS, endpoint="e", remedy="r")


def test_a_job_of_another_name_than_the_configured_one_is_told_with_both() -> None:
    error = another_name(IRIS, job="j", configured="wine", remedy="r")
    assert "job j is of the model iris-classifier, but model_name_prefix is wine" in error.message
    assert (error.exit_code, error.code) == (2, "AnotherModel")


def test_the_live_release_tells_which_model_an_endpoint_is_for() -> None:
    head = replace(a_head_retaining("r-1", "r-2"), live="r-1-n1")
    assert telling_release(head) == "r-1"


def test_with_nothing_live_the_newest_retained_one_tells() -> None:
    assert telling_release(a_head_retaining("r-1", "r-2")) == "r-2"
    assert telling_release(an_empty_head()) is None


@given(PREFIXES, ENVIRONMENTS, st.integers(0, 12))
def test_a_prefix_of_its_own_names_an_endpoint_and_is_not_the_taken_one(
    name: str, environment: str, tries: int
) -> None:
    taken = "taken"
    for _ in range(tries):
        own = own_endpoint_prefix(name, taken=taken, environment=environment)
        assert own != taken
        naming.endpoint_name(own, environment)
        taken = own


def test_it_is_the_name_of_the_model_where_that_is_free() -> None:
    assert own_endpoint_prefix("wine", taken="iris-model", environment="staging") == "wine"
    assert own_endpoint_prefix("wine", taken="wine", environment="staging") == "wine-2"


@given(ENVIRONMENTS, st.lists(PREFIXES, min_size=2, max_size=2, unique=True))
def test_two_models_never_share_a_package_group(environment: str, names: list[str]) -> None:
    groups = {
        naming.model_package_group_name("mlops", environment, model_name_prefix=name)
        for name in names
    }
    assert len(groups) == 2
