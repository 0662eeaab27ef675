"""Measures the deal model and the anomaly finder on the sample: `python -m properties.analytics.evaluate`.

Hold-out: learn on January to June 2021 and predict every sale of July to September whose complex was traded before; no
later deal is seen. The baseline is the last deal of the same complex and size before the cut.
Anomalies: a share of rows gets its price multiplied or divided by 10 (a unit error); recall on them, and the share of
untouched rows that is flagged.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import sys
from datetime import date
from pathlib import Path

from properties.analytics.anomalies import find_anomalies
from properties.analytics.forecast import DealModel, Sale

SAMPLE = Path(__file__).parent.parent / "data" / "molit_apt_trade_seoul_2021.csv.gz"
CUT = date(2021, 7, 1)


def load() -> list[Sale]:
    """Sales of the sample, oldest first."""
    with gzip.open(SAMPLE, "rt", encoding="utf-8", newline="") as file:
        sales = [
            Sale(
                f"{row['bjd_code']}|{row['apt_name']}|{row['jibun']}",
                row["lawd_cd"],
                float(row["area_m2"]),
                int(row["floor"]),
                int(row["build_year"]),
                date.fromisoformat(row["deal_date"]),
                float(row["price_manwon"]),
            )
            for row in csv.DictReader(file)
        ]
    return sorted(sales, key=lambda sale: sale.day)


def hold_out(sales: list[Sale], cut: date = CUT) -> dict[str, float | int]:
    """MAPE (percent) of the model and of the last value on deals after the cut, over the same deals."""
    before = [sale for sale in sales if sale.day < cut]
    after = [sale for sale in sales if sale.day >= cut]
    model = DealModel(before)
    last: dict[tuple[str, int], Sale] = {}
    last_of_group: dict[str, Sale] = {}
    for sale in before:
        last[sale.group, round(sale.area)] = last_of_group[sale.group] = sale
    ours = baseline = 0.0
    count = 0
    for sale in after:
        base = last.get((sale.group, round(sale.area))) or last_of_group.get(sale.group)
        if base is None:
            continue
        naive = base.price / base.area * sale.area
        predicted = model.predict(sale.group, sale.region, sale.area, sale.floor, sale.day)
        baseline += abs(naive - sale.price) / sale.price
        ours += abs(predicted - sale.price) / sale.price
        count += 1
    return {
        "trained_on": len(before),
        "predicted": count,
        "mape_model": round(100 * ours / count, 2),
        "mape_last_value": round(100 * baseline / count, 2),
        "monthly_drift_percent": round(100 * model.drift, 3),
    }


def anomalies(sales: list[Sale], seed: int, share: float = 0.01) -> dict[str, float | int]:
    """Recall of injected unit errors and share of untouched rows that is flagged."""
    chance = random.Random(seed)  # noqa: S311 - reproducible test data, not a secret
    prices = [sale.price / sale.area for sale in sales]
    groups = [(sale.region, sale.group, round(sale.area / 8)) for sale in sales]
    sizes: dict[object, int] = {}
    for group in groups:
        sizes[group] = sizes.get(group, 0) + 1
    # Thin groups fall back to the district and its size class.
    wide = [(sale.region, round(sale.area / 20)) for sale in sales]
    used = [group if sizes[group] >= 3 else other for group, other in zip(groups, wide, strict=True)]
    chosen = set(chance.sample(range(len(sales)), int(len(sales) * share)))
    changed = [price * chance.choice((10, 0.1)) if row in chosen else price for row, price in enumerate(prices)]
    found = {anomaly.row for anomaly in find_anomalies(used, changed)}
    return {
        "injected": len(chosen),
        "recall": round(len(found & chosen) / len(chosen), 4),
        "flagged_untouched": round(len(found - chosen) / (len(sales) - len(chosen)), 5),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    sales = load()
    sys.stdout.write(json.dumps({"hold_out": hold_out(sales)}) + "\n")
    for seed in range(1, arguments.seeds + 1):
        sys.stdout.write(json.dumps({"anomalies": anomalies(sales, seed), "seed": seed}) + "\n")


if __name__ == "__main__":
    main()
