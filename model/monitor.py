"""Counts captured traffic and the labels that came for it, inside a SageMaker processing job.

In: captured lines in `--capture-dir`, baseline.json in `--baseline-dir`, labels in `--labels-dir`.
Out: `partial-<host>.json` in `--output-dir`: whole numbers that those of other hosts are added to.
All hosts are given all lines, and each counts those whose id falls to it; where none does, its
partial is of zeros. `labelled-<n>-<host>.csv` has the rows of the n-th cohort whose labels came.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from model.monitoring.baseline import Baseline, read_baseline
from model.monitoring.capture import lines_of
from model.monitoring.labels import Labels
from model.monitoring.learnt import Learnt
from model.monitoring.window import Counting, Share, read_spans
from model.specs import load_merge_rule
from pipeline.training import MergeRule

_MESSAGE_BYTES = 1_024
_ONLY_HOST = "algo-1"


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--capture-dir", type=Path, required=True)
    parser.add_argument("--baseline-dir", type=Path, required=True)
    parser.add_argument("--labels-dir", type=Path, help="without it no quality is counted")
    parser.add_argument("--merge-class", help="says how often each labelled row is learnt")
    parser.add_argument("--merge-dir", type=Path, help="where the module of that class lies")
    parser.add_argument("--output-dir", type=Path, required=True)
    parser.add_argument("--start", type=datetime.fromisoformat, required=True)
    parser.add_argument("--end", type=datetime.fromisoformat, required=True)
    parser.add_argument("--cohort", action="append", default=[], metavar="START/END")
    parser.add_argument("--resource-config", type=Path, help="where the name of this host stands")
    parser.add_argument("--message-file", type=Path, help="where the text of a failure goes")
    return parser.parse_args(argv)


def host_of(file: Path | None) -> str:
    """Return the name of this machine."""
    return _hosts_of(file)[0]


def share_of(file: Path | None) -> Share:
    """Return which of the ids are this machine's."""
    host, hosts = _hosts_of(file)
    return Share(place=hosts.index(host), machines=len(hosts))


def _hosts_of(file: Path | None) -> tuple[str, list[str]]:
    """Return this machine and all: "How Amazon SageMaker Processing Configures Input"."""
    if file is None or not file.is_file():
        return _ONLY_HOST, [_ONLY_HOST]
    cluster = json.loads(file.read_text(encoding="utf-8"))
    return cluster["current_host"], sorted(cluster["hosts"])


def count(arguments: argparse.Namespace) -> Counting:
    baseline, sha256 = read_baseline(arguments.baseline_dir)
    labels = None
    if arguments.labels_dir is not None:
        labels = Labels()
        labels.read(arguments.labels_dir)
    spans = read_spans(start=arguments.start, end=arguments.end, cohorts=arguments.cohort)
    with _labelled_rows(arguments, baseline, len(spans.cohorts) if labels else 0) as learnt:
        counting = Counting(
            baseline,
            spans,
            sha256=sha256,
            labels=labels,
            learnt=learnt,
            share=share_of(arguments.resource_config),
        )
        counting.read(lines_of(arguments.capture_dir))
    return counting


@contextmanager
def _labelled_rows(
    arguments: argparse.Namespace, baseline: Baseline, cohorts: int
) -> Iterator[list[Learnt]]:
    arguments.output_dir.mkdir(parents=True, exist_ok=True)
    host = host_of(arguments.resource_config)
    merge = _merge_rule(arguments)
    with ExitStack() as stack:
        learnt = []
        for number in range(cohorts):
            place = arguments.output_dir / f"labelled-{number}-{host}.csv"
            file = stack.enter_context(place.open("w", encoding="utf-8", newline=""))
            learnt.append(Learnt(file, baseline.request, task=baseline.task, merge=merge))
        yield learnt
        for each in learnt:
            each.settle()
            print(f"learnt_rows={each.rows}; left_out={each.left_out};")


def _merge_rule(arguments: argparse.Namespace) -> MergeRule | None:
    """Return the user's rule, as it is now: the release may have brought an earlier one."""
    if arguments.merge_class is None:
        return None
    if arguments.merge_dir is not None:
        sys.path.insert(0, str(arguments.merge_dir))
    rule: MergeRule = load_merge_rule(arguments.merge_class)
    return rule


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse_arguments(argv)
    try:
        counting = count(arguments)
        text = counting.to_json()
    except Exception as error:
        if arguments.message_file:
            text = f"{type(error).__name__}: {error}"
            arguments.message_file.parent.mkdir(parents=True, exist_ok=True)
            arguments.message_file.write_bytes(text.encode()[:_MESSAGE_BYTES])
        raise
    arguments.output_dir.mkdir(parents=True, exist_ok=True)
    host = host_of(arguments.resource_config)
    (arguments.output_dir / f"partial-{host}.json").write_text(text, encoding="utf-8")
    print(f"lines={counting.lines}; requests={counting.requests};")


if __name__ == "__main__":
    main()
