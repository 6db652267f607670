"""The report of mode monitor: columns, bins of what drifted, and the last windows."""

from dataclasses import replace
from datetime import timedelta

from pipeline.core.drift import Bin
from pipeline.core.monitoring import trend_of
from pipeline.core.report_view import page_of
from pipeline.core.retraining import Check
from tests.support.message_builders import a_failure, a_report
from tests.support.windows import a_monitored, a_record, a_window


def test_a_window_that_drifted_shows_columns_bins_and_the_last_windows() -> None:
    window = a_window()
    records = [
        a_record(replace(window, start=window.start - timedelta(days=days)), drifted=drifted)
        for days, drifted in ((2, ()), (1, ("size",)), (0, ("size",)))
    ]
    newest = records[-1]
    bins = (
        Bin(name="below 1", baseline_share=0.5, share=0.1),
        Bin(name="from 1", baseline_share=0.5, share=0.9),
    )
    columns = tuple(replace(each, bins=bins) for each in newest.drift.columns)
    newest = replace(newest, drift=replace(newest.drift, columns=columns))
    monitored = replace(a_monitored(newest, Check.ASKED), trend=trend_of(records))
    report = a_report("monitor", monitored=monitored, failure=a_failure(8))
    assert report.has_page
    sections = {each.title: each for each in page_of(report).sections}
    assert sections["The window"].lines == ("Drift.",)
    assert sections["Retraining"].lines == ("Asked for: a reason.",)
    drawn = {figure.id: figure for figure in sections["Columns and windows"].figures}
    assert list(drawn) == ["drift", "bins-0", "trend"]
    assert "size is farthest: PSI 0.5" in drawn["drift"].finding
    assert drawn["bins-0"].finding == "below 1 has 10.00% of the rows, 50.00% in the baseline."
    assert "of all, 2 drifted" in drawn["trend"].finding


def test_a_window_without_rows_is_told_and_draws_nothing() -> None:
    report = a_report("monitor", monitored=a_monitored(a_record(rows=0), Check.ROWS))
    sections = {each.title: each for each in page_of(report).sections}
    assert sections["The window"].lines == ("Not enough rows.",)
    assert sections["Retraining"].lines == ("Not asked for: a reason.",)
    assert "Columns and windows" not in sections


def test_faults_of_the_data_stand_at_the_head() -> None:
    record = a_record(faults=("40 of 500 rows lack this column",))
    report = a_report("monitor", monitored=a_monitored(record, Check.DATA_QUALITY))
    [window] = [each for each in page_of(report).sections if each.title == "The window"]
    assert window.lines == ("The data is at fault.", "a: 40 of 500 rows lack this column")
