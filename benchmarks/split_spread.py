"""Prints how the default model's held-out accuracy depends on the seed of the split.

Usage: python -m benchmarks.split_spread [CSV] [TARGET] [TEST_FRACTION] [SEEDS]
The runner's own split and the containers' own reading and training are used, nothing else.
"""

import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from statistics import median, quantiles

from model.table import read_table
from model.train import training_frame
from pipeline.material.deciding import decide
from pipeline.material.dividing import split
from pipeline.material.reading import parse_table
from pipeline.material.table import Choices
from pipeline.training import TrainingPipeline

THRESHOLD, MINIMUM = 0.95, 0.90


def held_out_accuracy(content: bytes, *, target: str, test_fraction: float, seed: int) -> float:
    decided = decide(parse_table(content), Choices(target=target))
    halves = split(decided, test_fraction=test_fraction, seed=seed)
    pipeline = TrainingPipeline(target=target)
    train, test = (
        pipeline.prepared(training_frame(read_table(half), halves.schema))
        for half in (halves.train.read(), halves.test.read())
    )
    return pipeline.evaluate_model(pipeline.train_local_model(*train), *test)["accuracy"]


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
