"""The measuring loop against truth: clips that are off in a known way, and how near to it the measurement is."""

from collections import defaultdict
from statistics import mean

import numpy as np
from figures import record
from planted import Answer, answer, cases

_ROUNDS = 25
_SEED = 1
_WITHIN_MS = 3.0


def run() -> None:
    """Plant, measure, and print a row for each defect."""
    rows: dict[str, list[Answer]] = defaultdict(list)
    for case in cases(_ROUNDS, _SEED):
        rows[case.defect].append(answer(case))
    print(
        f"{'planted':18} {'clips':>5} {'tempo named':>12} {'error within 3 ms':>18} {'median':>8} {'p95':>8} {'beat':>6}"
    )
    table = {defect: _row(answers) for defect, answers in rows.items()}
    for defect, row in table.items():
        within, middle, most = (row[name] for name in ("within", "median_ms", "p95_ms"))
        error = "" if within is None else f"{within:>16.0%}   {middle:>6.2f} ms {most:>5.1f} ms"
        print(f"{defect:18} {row['clips']:>5} {row['named']:>11.0%} {error:38} {row['beat']:>6.2f}")
    octaves = [each.named for name in ("half tempo", "double tempo") for each in rows[name]]
    record(
        "truth",
        {"rounds": _ROUNDS, "seed": _SEED, "bars": 4, "within_ms": _WITHIN_MS},
        {"half and double named": round(mean(octaves), 3), **table},
    )


def _row(answers: list[Answer]) -> dict[str, float | None]:
    """Return the figures of one defect."""
    misses = [each.miss_ms for each in answers if each.miss_ms is not None]
    return {
        "clips": len(answers),
        "named": round(mean(each.named for each in answers), 3),
        "within": round(mean(miss <= _WITHIN_MS for miss in misses), 3) if misses else None,
        "median_ms": round(float(np.median(misses)), 3) if misses else None,
        "p95_ms": round(float(np.quantile(misses, 0.95)), 3) if misses else None,
        "beat": round(mean(each.beat for each in answers), 3),
    }
