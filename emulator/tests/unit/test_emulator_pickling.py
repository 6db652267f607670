"""moto's backends come back from a snapshot as they were, and what cannot be kept is named."""

import threading
import weakref
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.s3.models import FakeKey
from moto.s3.utils import _VersionedKeyStore
from moto.ssm.models import ParameterDict

from emulator.persistence import moto_state
from emulator.persistence.content import Content, SnapshotFolder, Unusable
from emulator.persistence.pickling import dumps, loads

ACCOUNT, REGION = "000000000000", "us-east-1"


@pytest.fixture
def content(tmp_path: Path) -> Content:
    return Content(SnapshotFolder(path=tmp_path))


@pytest.fixture
def backends() -> Iterator[Any]:
    """No backend of any service before and after."""
    BackendDict.reset()
    yield get_backend
    BackendDict.reset()


def again(value: Any, content: Content) -> Any:
    return loads(dumps(value, content), read_object=content.new.__getitem__)


def a_key(body: bytes) -> Any:
    return FakeKey("name", body, account_id=ACCOUNT, region_name=REGION, version_id="v")


def test_an_object_keeps_its_body_which_is_not_in_the_pickle(content: Content) -> None:
    key = a_key(b"body" * 10_000)
    assert b"bodybody" not in dumps(key, content)
    assert again(key, content).value == key.value
    assert list(content.new.values()) == [key.value]


def test_a_disposed_object_stays_one(content: Content) -> None:
    key = a_key(b"body")
    key.dispose()
    assert again(key, content).disposed is True
    assert content.objects == set()


def test_every_version_of_an_object_is_kept(content: Content) -> None:
    keys = _VersionedKeyStore()
    keys["name"] = a_key(b"one")
    keys["name"] = a_key(b"two")
    assert [key.value for key in again(keys, content).getlist("name")] == [b"one", b"two"]


def test_python_s_own_dictionaries_stay_what_they_are(content: Content) -> None:
    counts = defaultdict(list, {"a": [1]})
    counts_again, order_again = again((counts, OrderedDict([("b", 1), ("a", 2)])), content)
    assert counts_again["missing"] == []
    assert list(order_again) == ["b", "a"]


def test_parameters_know_their_account_and_what_was_loaded(content: Content) -> None:
    parameters = ParameterDict(ACCOUNT, REGION)
    parameters.latest_amis_loaded = True
    parameters["/a"] = []
    copied = again(parameters, content)
    assert (copied.account_id, copied.latest_amis_loaded, list(copied)) == (ACCOUNT, True, ["/a"])


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())]
)
def test_private_keys_are_kept(content: Content, key: Any) -> None:
    assert again(key, content).private_numbers() == key.private_numbers()


def test_locks_come_back_open_and_weak_values_with_whom_they_belong_to(content: Content) -> None:
    key, lock = a_key(b""), threading.RLock()
    weak = weakref.WeakValueDictionary({"key": key})
    key_again, weak_again, lock_again = again((key, weak, lock), content)
    assert weak_again["key"] is key_again
    assert lock_again.acquire(blocking=False)


def test_backends_come_back_to_where_moto_looks_for_them(backends: Any, content: Content) -> None:
    s3, sns = backends("s3")[ACCOUNT]["aws"], backends("sns")[ACCOUNT]["eu-west-1"]
    s3.create_bucket("bucket", "eu-west-1")
    sns.create_topic("topic")
    data = moto_state.dump(content)
    BackendDict.reset()
    moto_state.prepare(data, content.new.__getitem__)()
    assert list(backends("s3")[ACCOUNT]["aws"].buckets) == ["bucket"]
    assert backends("s3").bucket_accounts == {"bucket": ("aws", ACCOUNT)}
    assert [topic.name for topic in backends("sns")[ACCOUNT]["eu-west-1"].topics.values()] == [
        "topic"
    ]


def test_networks_of_two_regions_can_be_peered_after_a_restart(
    backends: Any, content: Content
) -> None:
    regions = (REGION, "eu-west-1")
    ids = [backends("ec2")[ACCOUNT][region].create_vpc("10.0.0.0/16").id for region in regions]
    data = moto_state.dump(content)
    BackendDict.reset()
    moto_state.prepare(data, content.new.__getitem__)()
    here, there = (backends("ec2")[ACCOUNT][region] for region in regions)
    peering = here.create_vpc_peering_connection(here.get_vpc(ids[0]), there.get_vpc(ids[1]))
    assert list(there.vpc_pcxs) == [peering.id]


def test_a_service_that_cannot_be_kept_is_named_and_costs_nobody_else(
    backends: Any, content: Content
) -> None:
    backends("sns")[ACCOUNT][REGION].create_topic("topic")
    backends("sqs")[ACCOUNT][REGION].thread = threading.current_thread()
    data = moto_state.dump(content)
    BackendDict.reset()
    moto_state.prepare(data, content.new.__getitem__)()
    assert content.lost == [f"sqs in {ACCOUNT}/{REGION}"]
    assert len(backends("sns")[ACCOUNT][REGION].topics) == 1


def test_a_pickle_of_something_else_is_refused() -> None:
    with pytest.raises(Unusable, match="moto's state cannot be read"):
        moto_state.prepare(b"no pickle", lambda _: b"")
