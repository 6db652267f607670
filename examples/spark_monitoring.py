"""Counts a window whose captured requests and labels outgrow one machine, on Spark.

The same counting as model/monitor.py: Spark finds the first of each id and joins the labels, and
each of its tasks counts what it was given. It leaves partials that the runner adds, as that does.
As a SageMaker processing job it runs on AWS's image sagemaker-spark-processing, with model/ and
pipeline/tabular/ beside it.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession, Window, functions

from model.monitoring.baseline import read_baseline
from model.monitoring.labels import Labels
from model.monitoring.window import Counting, Spans, read_spans


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--capture", required=True, help="folder or s3:// address of lines")
    parser.add_argument("--labels", help="the same of labels")
    parser.add_argument("--baseline-dir", type=Path, required=True)
    parser.add_argument("--output-dir", type=Path, required=True)
    for name in ("--start", "--end"):
        parser.add_argument(name, type=datetime.fromisoformat, required=True)
    parser.add_argument("--cohort", action="append", default=[], metavar="START/END")
    return parser.parse_args()


def lines(spark: SparkSession, place: str) -> DataFrame:
    """Return each line with the name of its file, which sorts by the hour."""
    reader = spark.read.option("recursiveFileLookup", "true").option("pathGlobFilter", "*.jsonl")
    return reader.text(place).select("value", functions.input_file_name().alias("file"))


def _one_of_each(found: DataFrame, id: str, *, newest: bool) -> DataFrame:
    """Keep one line of each id, the first or the last by file and by place in it."""
    place = functions.struct("file", functions.monotonically_increasing_id().alias("number"))
    order: Column = functions.col("place").desc() if newest else functions.col("place").asc()
    ranked = found.withColumn("place", place)
    numbered = ranked.withColumn(
        "rank", functions.row_number().over(Window.partitionBy(id).orderBy(order))
    )
    return numbered.where(functions.col("rank") == 1).drop("rank", "place", "file")


def requests(found: DataFrame) -> DataFrame:
    """Name each line as the labels do; lines without a name are counted as what they are."""
    of = "$.eventMetadata."
    names = [functions.get_json_object("value", of + each) for each in ("inferenceId", "eventId")]
    named = found.withColumn("callers", functions.nullif(names[0], functions.lit("")))
    named = named.withColumn("id", functions.coalesce("callers", names[1]))
    # What is met twice is left to the counting, which has to count it
    return named.select(
        "value", "id", functions.hash(functions.coalesce("id", "value")).alias("part"), "file"
    )


def newest_labels(found: DataFrame) -> DataFrame:
    id = functions.get_json_object("value", "$.eventMetadata.eventId").alias("id")
    named = found.select("value", id, "file").where("id is not null")
    return _one_of_each(named, "id", newest=True).select(
        "id", functions.col("value").alias("label")
    )


def counter(
    baseline_dir: str, spans: Spans, *, with_labels: bool
) -> Callable[[Iterator[pd.DataFrame]], Iterator[pd.DataFrame]]:
    """Return what a task does: count its lines, and leave one partial."""

    def count(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        baseline, sha256 = read_baseline(Path(baseline_dir))
        labels = Labels() if with_labels else None
        counting = Counting(baseline, spans, sha256=sha256, labels=labels)
        for batch in batches:
            if labels is not None:
                labels.read_lines(text.encode() for text in batch["label"].dropna())
            counting.read(text.encode() for text in batch["value"])
        yield pd.DataFrame({"partial": [counting.to_json()]})

    return count


def partials(spark: SparkSession, arguments: argparse.Namespace) -> list[str]:
    spans = read_spans(start=arguments.start, end=arguments.end, cohorts=arguments.cohort)
    asked = requests(lines(spark, arguments.capture))
    labels = newest_labels(lines(spark, arguments.labels)) if arguments.labels else None
    if labels is not None:
        asked = asked.join(labels, on="id", how="left")
    # All lines of an id go to one task, in the order of their files: the first of them counts
    parts = asked.repartition("part").sortWithinPartitions("file")
    count = counter(str(arguments.baseline_dir), spans, with_labels=labels is not None)
    found = [row.partial for row in parts.mapInPandas(count, "partial string").collect()]
    if labels is None:
        return found
    read = labels.count()
    return [_with_all_labels(each, read) for each in found]


def _with_all_labels(partial: str, labels: int) -> str:
    """Say how many labels there are, as a machine would that reads all of them."""
    document = json.loads(partial)
    for quality in document["quality"]:
        quality["labels"] = labels
    return json.dumps(document, sort_keys=True, separators=(",", ":")) + "\n"


def main() -> None:
    arguments = parse_arguments()
    spark = SparkSession.builder.appName("monitoring").getOrCreate()
    arguments.output_dir.mkdir(parents=True, exist_ok=True)
    for number, partial in enumerate(partials(spark, arguments), start=1):
        name = f"partial-spark-{number}.json"
        (arguments.output_dir / name).write_text(partial, encoding="utf-8")
    spark.stop()


if __name__ == "__main__":
    main()
