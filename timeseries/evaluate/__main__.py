"""`python -m timeseries.evaluate forecasting|rules|nab|skab FOLDER`: prints the tables of docs/users/timeseries.md.

With `--cache DIR` what each series or file gave is kept there, so that a stopped run goes on where it was; empty the
folder after a change of the models.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

from timeseries.evaluate import anomaly, forecasting, rules
from timeseries.models.anomaly.catalogue import KINDS as ANOMALY_KINDS
from timeseries.models.forecasting.catalogue import KINDS as FORECASTING_KINDS

GROUPS = ("m4_hourly", "m4_weekly", "m3_monthly", "m3_quarterly", "m3_yearly")


def main() -> None:
    """Read the arguments and print one table."""
    parser = argparse.ArgumentParser(description="Evaluate models on the public files.")
    parser.add_argument("protocol", choices=("forecasting", "rules", "nab", "skab"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", nargs="*", default=[])
    parser.add_argument("--groups", nargs="*", default=list(GROUPS), choices=GROUPS)
    parser.add_argument("--limit", type=int, default=0, help="only this many series of a group, or files")
    parser.add_argument("--cache", type=Path, default=None, help="folder for what was worked out already")
    chosen = parser.parse_args()
    if chosen.protocol == "rules" and chosen.cache is None:
        parser.error("rules needs --cache: the forecasts of all members are kept there")
    warnings.simplefilter("ignore")
    if chosen.protocol == "forecasting":
        print(forecasting.HEADER, flush=True)
        for group in chosen.groups:
            for kind in chosen.models or [kind for kind in FORECASTING_KINDS if kind != "multivariate"]:
                row = forecasting.evaluate_group(chosen.folder, group, kind, chosen.limit, chosen.cache)
                print(forecasting.line(row), *row.reasons[:1], flush=True)
    elif chosen.protocol == "rules":
        print(rules.HEADER, flush=True)
        for group in chosen.groups:
            print(*rules.table(chosen.folder, group, chosen.cache, chosen.limit), sep="\n", flush=True)
    elif chosen.protocol == "nab":
        print(anomaly.NAB_HEADER, flush=True)
        for kind in chosen.models or ANOMALY_KINDS:
            judged, refused, seconds = anomaly.judge_nab(chosen.folder, kind, chosen.limit, chosen.cache)
            print(anomaly.nab_line(kind, judged, refused, seconds), *refused, flush=True)
    else:
        print("| detector | files | AUC-PR | best point F1 |\n|---|---|---|---|", flush=True)
        for kind in chosen.models or ANOMALY_KINDS:
            area, f1, files = anomaly.judge_skab(chosen.folder, kind)
            print(f"| {kind} | {files} | {area:.3f} | {f1:.3f} |", flush=True)


if __name__ == "__main__":
    main()
