"""Scores the duplicate search against the generator's truth: `python -m properties.dedup.evaluate --seed 7`.

Prints pairwise precision, recall and F1, B-cubed F1, auto-merge precision, time and memory. With `--size 1000000` it is
the scale test, with `--add 1000` it also measures an incremental batch.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from properties.dedup.advert import Advert
from properties.dedup.generator import Generator
from properties.dedup.index import DuplicateIndex


def pairs_in(sizes: Iterable[int]) -> int:
    """Number of pairs within groups of the given sizes."""
    return sum(size * (size - 1) // 2 for size in sizes)


def agreement(found: Sequence[str], truth: Sequence[str]) -> dict[str, float]:
    """Pairwise and B-cubed precision, recall and F1 of two labellings of the same adverts."""
    cells = Counter(zip(found, truth, strict=True))
    found_sizes, truth_sizes = Counter(found), Counter(truth)
    together = pairs_in(cells.values())
    predicted, actual = pairs_in(found_sizes.values()), pairs_in(truth_sizes.values())
    precision = together / predicted if predicted else 1.0
    recall = together / actual if actual else 1.0
    total = len(found)
    cubed_precision = sum(count * count / found_sizes[label] for (label, _), count in cells.items()) / total
    cubed_recall = sum(count * count / truth_sizes[label] for (_, label), count in cells.items()) / total
    return {
        "pair_precision": precision,
        "pair_recall": recall,
        "pair_f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "bcubed_f1": 2 * cubed_precision * cubed_recall / (cubed_precision + cubed_recall),
    }


def scored_merges(index: DuplicateIndex, truth: Mapping[str, str]) -> float:
    """Precision of the merges that the scores made, pairs joined by an exact key left out."""
    exact = {(min(one, other), max(one, other)) for one, other in index.source_links}
    right = wrong = 0
    rows = index.columns.keys
    groups = index.columns["group"]
    for members in index.clusters().values():
        if len(members) < 2 or len(members) > 200:
            continue
        numbers = [index.row_of[key] for key in members]
        for position, one in enumerate(numbers):
            for other in numbers[position + 1 :]:
                if (min(one, other), max(one, other)) in exact or (groups[one] and groups[one] == groups[other]):
                    continue
                if truth[rows[one]] == truth[rows[other]]:
                    right += 1
                else:
                    wrong += 1
    return right / (right + wrong) if right + wrong else 1.0


def run(seed: int, size: int, added: int, copies: int, share: float = 1.0) -> dict[str, float | int]:
    """One evaluation; times in seconds, memory in MiB."""
    generator = Generator(seed, copies=copies, share=share)
    truth: dict[str, str] = {}

    def stream() -> Iterable[Advert]:
        for advert, offer in generator.adverts(size + added):
            truth[advert.key] = offer
            yield advert

    leaves = {item.region: item.leaf for item in generator.complexes}
    # Generating is timed apart: it is not part of the search.
    adverts = list(stream()) if size <= 300_000 else None
    index = DuplicateIndex(leaves)
    started, processor = time.perf_counter(), time.process_time()
    generating = generating_cpu = 0.0
    if adverts is not None:
        index.add(adverts[:size])
    else:
        source = _Timed(iter(stream()))
        index.add(islice(source, size))
        generating, generating_cpu = source.spent, source.spent_cpu
    batch, spent = time.perf_counter() - started - generating, time.process_time() - processor - generating_cpu
    result: dict[str, float | int] = {"seed": seed, "adverts": len(index.columns.keys), "batch_seconds": batch}
    # On a busy machine the processor's time says more than the clock.
    result["batch_cpu_seconds"] = spent
    if added:
        rest = adverts[size:] if adverts is not None else list(source)
        started = time.perf_counter()
        index.add(rest[:added])
        result["add_seconds"] = time.perf_counter() - started
        result["added"] = len(rest[:added])
    # The high-water mark before scoring; it includes the truth, about 150 MiB for a million adverts.
    result["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    keys = index.columns.keys
    labels = [keys[label] for label in index.labels.tolist()]
    result |= agreement(labels, [truth[key] for key in keys])
    result["auto_precision"] = scored_merges(index, truth)
    result["questions"] = len(index.questions())
    result["edges"] = len(index.scores)

    return result


class _Timed:
    """An iterator that knows how long its source took."""

    def __init__(self, source: Iterable[Advert]) -> None:
        self.source = iter(source)
        self.spent = self.spent_cpu = 0.0

    def __iter__(self) -> _Timed:
        return self

    def __next__(self) -> Advert:
        started, processor = time.perf_counter(), time.process_time()
        try:
            return next(self.source)
        finally:
            self.spent += time.perf_counter() - started
            self.spent_cpu += time.process_time() - processor


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, nargs="+", default=[1])
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--add", type=int, default=0, help="adverts added one batch later")
    parser.add_argument("--copies", type=int, default=0, help="repeats of the sample's complexes (default: by size)")
    parser.add_argument("--share", type=float, default=0.25, help="share of the complexes used; smaller is denser")
    arguments = parser.parse_args()
    for seed in arguments.seed:
        copies = arguments.copies or max(1, arguments.size // 25_000)
        outcome = run(seed, arguments.size, arguments.add, copies, arguments.share)
        shown = {name: round(value, 4) if isinstance(value, float) else value for name, value in outcome.items()}
        sys.stdout.write(json.dumps(shown) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
