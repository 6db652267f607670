"""Windows of captured traffic, counted by real jobs on the embedded AWS, and what follows."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from emulator.tests.support.embedded import IMAGE, ROLE, Embedded
from pipeline.configuration.sections import DriftSettings, RetrainingSettings, TrainingSettings
from pipeline.context import Workspace
from pipeline.core import ledger, naming
from pipeline.core.errors import SomethingFound, UsageError
from pipeline.core.foundation import Retraining
from pipeline.core.head import LedgerHead
from pipeline.core.label_files import labels_prefix
from pipeline.core.monitoring import Monitored, Window, lines_of
from pipeline.core.records import DataCapture, Release
from pipeline.core.retraining import Check
from pipeline.gateways.ledger import Ledger
from pipeline.gateways.store import Store
from pipeline.material import bundle
from pipeline.steps.learn import learnable
from pipeline.steps.monitor import monitor, require_nothing_found
from tests.fakes.boundary import NoFaults
from tests.gateways.gateways import a_store, cloud_of
from tests.simulation.commands import Command, Mode, workspace_of
from tests.simulation.world import ENDPOINT, FOUNDATION, SETTINGS, World, empty_world
from tests.support.message_builders import a_report
from tests.support.project import PROJECT_ROOT
from tests.unit.core_builders import a_move, a_release, a_training_run, finished, serving_settings
from tests.unit.monitoring_builders import HOUR, a_baseline, a_label, captured

pytestmark = pytest.mark.emulated

LIVE, NEXT = "r-20260102-120000-aaaaaa", "r-20260103-120000-bbbbbb"
ROWS = 400


def frame(seed: int, *, shift: float = 0.0) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": chance.normal(20 + shift, 2, ROWS).round(3),
            "age": chance.normal(5, 1, ROWS).round(3),
            "nest": chance.choice(["reed", "tree", "rock"], ROWS),
        }
    )


@dataclass(kw_only=True)
class Watched:
    """One live release over real S3 and real jobs; its hours are filled one after the other."""

    world: World
    store: Store
    embedded: Embedded
    release: Release
    start: datetime
    source: Path
    settings: dict[str, Any] = field(default_factory=dict)
    hours: int = 0
    merge_class: str | None = None
    notes: list[tuple[str, ...]] = field(default_factory=list)
    jobs_of_others: int = 0

    @property
    def workspace(self) -> Workspace:
        command = Command(mode=Mode.MONITOR)
        found = workspace_of(self.world, command, NoFaults(), run_id=f"run-{self.world.runs}")
        self.world.runs += 1
        settings = SETTINGS.model_copy(
            update={
                "drift": DriftSettings(**{"label_delay_hours": 0, **self.settings}),
                "retraining": RetrainingSettings(
                    enabled=True, minimum_new_rows=1, merge_class=self.merge_class
                ),
                "training": TrainingSettings(
                    data=str(self.source), target="y", source_dir=str(self.source.parent)
                ),
            }
        )
        context = replace(found.context, cloud=cloud_of(self.embedded), settings=settings)
        key = self.embedded.client("kms").create_key()["KeyMetadata"]["Arn"]
        foundation = replace(
            FOUNDATION,
            bucket=self.store.bucket,
            kms_key_arn=key,
            retraining=Retraining(detail_type="Retraining Requested", source="mlops.x"),
            role_arn=ROLE,
        )
        return replace(found, context=context, foundation=foundation, store=self.store)

    def next_hour(self, lines: list[bytes], labels: list[bytes] | None = None) -> Window:
        """Let an hour of traffic have been captured, in two files, and return its window."""
        window = self.hour(self.hours)
        self.hours += 1
        name = self.release.release_id
        place = f"capture/{ENDPOINT}/{name}/{ENDPOINT}/primary/{window.hours()[0]}"
        for number, part in enumerate((lines[::2], lines[1::2])):
            if part:
                self.store.put(f"{place}/{number}.jsonl", b"".join(part))
        if labels:
            key = f"{labels_prefix(ENDPOINT)}{window.hours()[0]}/{self.hours:04d}.jsonl"
            self.store.put(key, b"".join(labels))
        self.world.clock.sleep_until(max(self.world.clock.now(), window.end))
        return window

    def hour(self, number: int) -> Window:
        return Window(start=self.start + number * HOUR, end=self.start + (number + 1) * HOUR)

    def asked(
        self, rows: pd.DataFrame, *, as_json: bool = False, by_callers: bool = False
    ) -> list[bytes]:
        at = self.start + self.hours * HOUR + timedelta(minutes=5)
        bodies = (
            [row.to_json() for _, row in rows.iterrows()]
            if as_json
            else rows.to_csv(index=False, header=False).splitlines()
        )
        kind = "application/json" if as_json else "text/csv"
        return [
            captured(
                f'{{"instances": [{body}]}}' if as_json else body,
                '{"predictions": ["owl"]}',
                id=f"{self.hours}-{number}",
                callers=f"mine-{number}" if by_callers else None,
                at=at,
                content_type=kind,
            )
            for number, body in enumerate(bodies)
        ]

    def replace_release(self) -> Release:
        """Let another release go live at the end of the hours so far; return the one before."""
        before, store = self.release, self.store
        capture = DataCapture(
            percentage=100, destination_uri=store.uri(f"capture/{ENDPOINT}/{NEXT}/")
        )
        self.release = replace(
            before,
            release_id=NEXT,
            serving=replace(before.serving, data_capture=capture),
            created_at=self.start + self.hours * HOUR,
        )
        baseline = store.find(f"{naming.baseline_prefix(LIVE)}baseline.json")
        assert baseline is not None
        store.put(f"{naming.baseline_prefix(NEXT)}baseline.json", baseline.body)
        _deployed(store, self.release, when=self.release.created_at)
        return before

    def look(self, window: Window) -> Monitored:
        workspace = self.workspace
        try:
            return monitor(
                workspace, window=f"{window.start:%Y-%m-%dT%H:%MZ}/{window.end:%Y-%m-%dT%H:%MZ}"
            )
        finally:
            self.notes.append(workspace.context.recorder.complete(a_report("monitor")).notes)
            for holding in workspace.context.held:
                holding.give_back(told=True)

    def jobs(self) -> int:
        """Return how many were started since this story began."""
        pages = self.embedded.sagemaker.get_paginator("list_processing_jobs").paginate(
            NameContains=f"{ENDPOINT}-watch"
        )
        found = sum(len(page["ProcessingJobSummaries"]) for page in pages)
        return found - self.jobs_of_others


@pytest.fixture
def watched(embedded: Embedded, tmp_path: Path) -> Watched:
    world, store = empty_world(), a_store(embedded)
    packed = bundle.build_bundle(PROJECT_ROOT, [], source_dir=PROJECT_ROOT)
    for name, content in packed.files.items():
        store.put(f"{naming.code_prefix(packed.sha256)}src/{name}", content)
    rows = frame(1)
    store.put(f"{naming.baseline_prefix(LIVE)}baseline.json", a_baseline(rows).to_json().encode())
    capture = DataCapture(percentage=100, destination_uri=store.uri(f"capture/{ENDPOINT}/{LIVE}/"))
    serving = replace(serving_settings(), data_capture=capture, image_uri=IMAGE)
    start = world.clock.now().replace(minute=0, second=0, microsecond=0) + HOUR
    release = a_release(LIVE, code_sha256=packed.sha256, serving=serving, created_at=start)
    _deployed(store, release, when=start)
    source = tmp_path / "rows.csv"
    source.write_text(rows.assign(y="owl").to_csv(index=False))
    run = replace(
        a_training_run(),
        job_name=release.training_job,
        train_uri=store.uri("data/train/"),
        test_uri=store.uri("data/test/"),
    )
    store.put(naming.training_run_object(run.job_name), run.to_json().encode())
    for half in ("train", "test"):
        store.put(f"data/{half}/{half}.csv", b"size,age,nest,y\n1,2,reed,owl\n")
    found = Watched(
        world=world, store=store, embedded=embedded, release=release, start=start, source=source
    )
    found.jobs_of_others = found.jobs()
    return found


def _deployed(store: Store, release: Release, *, when: datetime) -> LedgerHead:
    book = Ledger(store, ENDPOINT)
    book.store_release(release)
    before = book.read()
    head = ledger.add_release(before.head, release)
    key, head = ledger.config_for(head, release.release_id, live_count=1, minimum=1, maximum=1)
    head = finished(ledger.arrive(ledger.begin(head, a_move(key)), when=when))
    book.write(before, head)
    return head


def test_drift_in_two_windows_asks_once_and_each_window_is_counted_once(watched: Watched) -> None:
    watched.settings = {"instance_count": 2}
    quiet = watched.look(watched.next_hour(watched.asked(frame(2))))
    assert (quiet.record.drift.finding.value, quiet.record.drift.rows) == ("ok", ROWS)
    require_nothing_found(quiet, asks_pipeline=True)
    once = watched.look(watched.next_hour(watched.asked(frame(3, shift=4))))
    assert once.record.drift.drifted == ("size",)
    assert once.retraining.check is Check.CAUSE
    window = watched.next_hour(watched.asked(frame(4, shift=4), as_json=True))
    twice = watched.look(window)
    assert twice.retraining.check is Check.ASKED
    with pytest.raises(SomethingFound, match="drift"):
        require_nothing_found(twice, asks_pipeline=True)
    again = watched.look(window)
    assert again.record == twice.record
    assert again.retraining.check is Check.COOL_DOWN
    assert (watched.jobs(), len(watched.world.cloud.put_events)) == (3, 1)
    assert [point.finding.value for point in again.trend] == ["ok", "drifted", "drifted"]
    empty = watched.look(watched.next_hour([]))
    assert (empty.record.job_name, empty.retraining.check) == (None, Check.ROWS)


def test_what_was_sent_twice_is_counted_once_by_several_machines(watched: Watched) -> None:
    watched.settings = {"instance_count": 3}
    lines = watched.asked(frame(15), by_callers=True)
    found = watched.look(watched.next_hour([*lines, *reversed(lines)]))
    assert found.record.drift.rows == ROWS
    assert found.record.not_counted["twice"] == ROWS
    assert found.record.lines == 2 * ROWS


def test_a_fault_upstream_is_named_as_what_it_is_and_asks_for_nothing(watched: Watched) -> None:
    rows = frame(5, shift=4)
    faults = {
        "missing are 100.0%": rows.assign(size=None),
        "the unit has changed": rows.assign(size=rows["size"] * 1000),
        "values never seen before": rows.assign(nest=rows["nest"].replace({"reed": "REED"})),
        "lack this column": rows.drop(columns="age"),
    }
    for words, broken in faults.items():
        lines = watched.asked(broken, as_json="lack" in words)
        found = watched.look(watched.next_hour(lines))
        assert any(words in fault for fault in found.record.faults), (words, found.record.faults)
        assert found.retraining.check is Check.DATA_QUALITY
        with pytest.raises(SomethingFound, match="the data is at fault"):
            require_nothing_found(found, asks_pipeline=True)
    assert watched.world.cloud.put_events == []


def test_rows_whose_labels_came_are_judged_and_learnt(watched: Watched) -> None:
    rows = frame(6)
    lines = watched.asked(rows)
    ids = [f"{watched.hours}-{number}" for number in range(300)]
    window = watched.next_hour(lines, [a_label(each, "owl") for each in ids])
    found = watched.look(window)
    assert found.record.quality.figures.label_coverage == pytest.approx(0.75)
    assert found.record.quality.figures.model_quality == 1.0
    assert found.record.labelled_rows == 300
    [key] = watched.store.keys(naming.learnt_prefix(ENDPOINT))
    table = watched.store.find(key)
    assert table is not None
    assert table.body.splitlines()[0] == b"size,age,nest,y"
    before = learnable(watched.workspace, watched.release)
    assert before.new_rows == ROWS + 300


def labels_of(hour: int, *, rows: range = range(ROWS), right: int = ROWS) -> list[bytes]:
    """Return a label for these rows of an hour; so many of them are what was answered."""
    return [a_label(f"{hour}-{number}", "owl" if number < right else "hen") for number in rows]


RULE = """
from pipeline.training import MergeRule

class Rule(MergeRule):
    def copies(self, rows):
        return ((rows["nest"] != "rock") * (1 + (rows["nest"] == "reed"))).tolist()
"""


def test_a_rule_of_the_users_says_how_often_a_labelled_row_is_learnt(
    watched: Watched, tmp_path: Path
) -> None:
    (tmp_path / "own_rule.py").write_text(RULE)
    watched.merge_class = "own_rule:Rule"
    rows = frame(14)
    found = watched.look(watched.next_hour(watched.asked(rows), labels_of(0)))
    nests = rows["nest"].value_counts()
    assert found.record.quality.labelled == ROWS
    assert found.record.labelled_rows == 2 * nests["reed"] + nests["tree"]
    watched.merge_class = "own_rule:Rule2"
    with pytest.raises(UsageError, match="has no 'Rule2'"):
        watched.look(watched.next_hour(watched.asked(rows)))


def test_a_cohort_is_judged_sooner_where_most_of_its_labels_came(watched: Watched) -> None:
    watched.settings = {"label_delay_hours": 3}
    few = labels_of(0, rows=range(100), right=0)
    first = watched.look(watched.next_hour(watched.asked(frame(8)), few))
    assert first.record.quality.figures.by_name() == {"LabelCoverage": 0.25}
    assert not first.record.quality.is_final
    assert "Labels: 100 of 400 rows" in "\n".join(lines_of(first))
    assert list(watched.store.keys(naming.learnt_prefix(ENDPOINT))) == []

    rest = [*labels_of(0), *labels_of(1, rows=range(360))]
    second = watched.look(watched.next_hour(watched.asked(frame(9)), rest))
    assert second.record.quality.is_final
    assert (second.record.quality.rows, second.record.quality.labelled) == (800, 760)
    assert second.record.cohort == Window(start=watched.start, end=watched.start + 2 * HOUR)
    assert second.record.labelled_rows == 760
    assert len(list(watched.store.keys(naming.learnt_prefix(ENDPOINT)))) == 2

    third = watched.look(watched.next_hour(watched.asked(frame(10))))
    assert third.record.cohort == watched.hour(2)
    assert third.record.quality.figures.by_name() == {"LabelCoverage": 0.0}


def test_answers_of_a_release_that_was_replaced_are_judged_told_and_learnt(
    watched: Watched,
) -> None:
    watched.settings = {"label_delay_hours": 1, "minimum_accuracy": 0.9}
    watched.look(watched.next_hour(watched.asked(frame(11))))
    before = watched.replace_release()
    window = watched.next_hour(watched.asked(frame(12)), labels_of(0, right=100))
    found = watched.look(window)
    [of_earlier] = found.earlier_releases
    assert of_earlier.release_id == before.release_id
    assert (of_earlier.cohort, of_earlier.labelled_rows) == (watched.hour(0), ROWS)
    assert of_earlier.quality.degraded
    assert f"of earlier release {LIVE}: 25.0% of 400 labelled" in "\n".join(lines_of(found))
    require_nothing_found(found, asks_pipeline=True)
    assert (found.record.release_id, found.record.degraded) == (NEXT, ())
    assert "ModelQuality" not in watched.world.cloud.figures
    assert found.retraining.check is Check.CAUSE
    [key] = watched.store.keys(naming.learnt_prefix(ENDPOINT))
    assert LIVE in key
    assert watched.look(window).earlier_releases == found.earlier_releases
    later = watched.look(watched.next_hour(watched.asked(frame(13))))
    assert later.earlier_releases == ()


def test_by_other_limits_a_window_is_judged_again_from_what_was_counted(watched: Watched) -> None:
    window = watched.next_hour(watched.asked(frame(16, shift=4)), labels_of(0, right=300))
    before = watched.look(window)
    assert (before.record.drift.drifted, before.record.degraded) == (("size",), ())
    watched.settings = {"psi_threshold": 50.0, "minimum_accuracy": 0.9}
    watched.look(watched.next_hour([], labels_of(0)))  # labels that came too late for its cohort
    after = watched.look(window)
    assert after.record.drift.drifted == ()
    assert after.record.quality.figures == before.record.quality.figures
    assert "drift.minimum_accuracy is 90.0%" in after.record.degraded[0]
    [note] = watched.notes[-1]
    assert "judged again" in note
    assert "drift.psi_threshold 0.2 (now 50.0)" in note
    assert watched.look(window).record == after.record
    assert (watched.jobs(), watched.notes[-1]) == (1, ())

    s3 = watched.embedded.client("s3")
    for key in list(watched.store.keys(naming.monitoring_prefix(ENDPOINT, LIVE))):
        if "/counts/" in key:
            s3.delete_object(Bucket=watched.store.bucket, Key=key)
    watched.settings = {}
    assert watched.look(window).record == after.record
    assert "what was counted is gone" in watched.notes[-1][0]


def test_what_is_missing_to_look_is_told(watched: Watched) -> None:
    window = watched.next_hour(watched.asked(frame(7)))
    with pytest.raises(UsageError, match="is not over yet"):
        watched.look(replace(window, end=window.end + timedelta(days=9)))
    other = replace(watched.release, serving=replace(watched.release.serving, data_capture=None))
    watched.store.put(naming.release_object(ENDPOINT, LIVE), other.to_json().encode())
    with pytest.raises(UsageError, match="Nothing is captured") as refused:
        watched.look(window)
    assert "monitoring.data_capture_percentage" in refused.value.remedy
