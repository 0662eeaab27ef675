"""Derive the sandbox excerpt from a folder of recorded KRX data: `python -m markets.data.build FOLDER`.

The folder needs `daily_*.parquet`, `index_daily_*.csv`, `kis_master_*.csv.gz` and `kis_sector_codes_*.csv`.
The result (`symbols`, `bars`, `sectors`, `index`) is committed beside this file; run again only to change the choice.
"""

from __future__ import annotations

import argparse
import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

SESSIONS = 70
STOCKS = 280
FUNDS = {"EF": 14, "EN": 6}
HERE = Path(__file__).parent


def one(folder: Path, pattern: str) -> Path:
    """The only file that matches, or an error naming the pattern."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise SystemExit(f"{folder} must hold exactly one {pattern}, found {len(found)}")
    return found[0]


def write(name: str, frame: pl.DataFrame) -> None:
    """Write a gzip CSV whose bytes depend on the content only."""
    text = io.BytesIO()
    frame.write_csv(text)
    (HERE / name).write_bytes(gzip.compress(text.getvalue(), 9, mtime=0))


def choose(bars: pl.DataFrame, master: pl.DataFrame) -> list[str]:
    """Most traded and largest stocks of both markets, plus preferred shares, SPACs and halted ones for the filters."""
    import polars as pl

    last = bars.filter(pl.col("date") == bars["date"].max()).join(master, on="code", how="inner", suffix="_m")
    mean = bars.filter(pl.col("volume") > 0).group_by("code").agg(pl.col("amount").tail(20).mean().alias("mean"))
    last = last.join(mean, on="code")
    picks: list[str] = []

    def take(frame: pl.DataFrame, by: str, count: int) -> None:
        picks.extend(frame.sort([by, "code"], descending=[True, False])["code"].head(count).to_list())

    for market in ("KOSPI", "KOSDAQ"):
        of_market = last.filter(pl.col("market") == market)
        take(of_market, "amount", 70)
        take(of_market, "mean", 60)
        take(of_market, "marcap", 60)
        take(of_market.filter(pl.col("volume") == 0), "marcap", 4)
    take(last.filter(pl.col("pref") != "0"), "amount", 12)
    take(last.filter(pl.col("name").str.contains("스팩")), "amount", 6)
    chosen = list(dict.fromkeys(picks))
    # The filter examples were added last and must survive the cap.
    examples = list(dict.fromkeys(picks[-18:]))
    return sorted(dict.fromkeys([*examples, *chosen][:STOCKS]))


def sector_frame(bars: pl.DataFrame, master: pl.DataFrame) -> pl.DataFrame:
    """Volume, value, value-weighted change and counts per session and KIS sector code, over *all* recorded stocks."""
    import polars as pl

    size = {"1": "2", "2": "3", "3": "4"}
    stocks = master.select("code", "sec_l", "sec_m", "size", pl.col("market").alias("board"))
    frame = (
        bars.sort("code", "date")
        .with_columns(pl.col("close").shift(1).over("code").alias("before"))
        .filter(pl.col("volume") > 0)
        .join(stocks, on="code", how="left")
        .with_columns(
            pl.when(pl.col("market") == "KOSPI").then(pl.lit("0001")).otherwise(pl.lit("1001")).alias("whole"),
            pl.when(pl.col("size").is_in(list(size)))
            .then(
                pl.when(pl.col("market") == "KOSPI").then(pl.lit("000")).otherwise(pl.lit("100"))
                + pl.col("size").replace(size)
            )
            .otherwise(None)
            .alias("size_code"),
        )
    )
    parts = []
    for column in ("whole", "sec_l", "sec_m", "size_code"):
        part = (
            frame.filter(pl.col(column).is_not_null() & (pl.col(column) != "0000"))
            .group_by("date", pl.col(column).alias("sector"))
            .agg(
                pl.col("volume").sum(),
                pl.col("amount").sum(),
                pl.col("marcap").sum(),
                (pl.col("marcap") * (1 - pl.col("before") / pl.col("close"))).sum().alias("gain"),
                (pl.col("close") > pl.col("before")).sum().alias("up"),
                (pl.col("close") < pl.col("before")).sum().alias("down"),
                (pl.col("close") == pl.col("before")).sum().alias("flat"),
            )
        )
        parts.append(part)
    return (
        pl.concat(parts)
        .with_columns((pl.col("gain") / (pl.col("marcap") - pl.col("gain")) * 100).round(2).alias("change"))
        .select("date", "sector", "volume", "amount", "change", "up", "down", "flat")
        .sort("date", "sector")
    )


def build(folder: Path) -> None:
    """Write the excerpt files beside this module."""
    import polars as pl

    bars = pl.read_parquet(one(folder, "daily_*.parquet")).with_columns(
        pl.col("code", "name", "market").cast(pl.String)
    )
    master = pl.read_csv(one(folder, "kis_master_*.csv.gz"), infer_schema_length=0)
    names = pl.read_csv(one(folder, "kis_sector_codes_*.csv"), infer_schema_length=0)
    index = pl.read_csv(one(folder, "index_daily_*.csv"), try_parse_dates=True)
    sessions = sorted(bars["date"].unique().to_list())[-SESSIONS - 1 :]
    recent = bars.filter(pl.col("date").is_in(sessions[1:]))
    codes = choose(recent, master)

    # The stored prices are adjusted; the exchange's own market value gives the price that was really quoted.
    factor = (
        recent.filter(pl.col("amount_exact") & (pl.col("volume") > 0))
        .with_columns((pl.col("marcap") / pl.col("shares") / pl.col("close")).alias("factor"))
        .group_by("code")
        .agg(pl.col("factor").last(), pl.col("shares").last())
        .with_columns(
            pl.when((pl.col("factor") - 1).abs() < 0.002)
            .then(pl.lit(1.0))
            .otherwise(pl.col("factor").round(6))
            .alias("factor")
        )
    )
    facts = master.select(
        "code", "std_code", "group", "size", "sec_l", "sec_m", "halted", "liquidation", "admin", "warn", "list_date",
        "pref", "short_over", "abnormal", "marcap_100m", "base_price", "prev_vol", "shares_k",
    )  # fmt: skip
    stocks = (
        recent.filter(pl.col("code").is_in(codes) & (pl.col("date") == sessions[-1]))
        .select("code", "name", "market", pl.col("volume").alias("last_volume"), pl.col("shares").alias("listed"))
        .join(facts, on="code", how="left")
        .join(factor, on="code", how="left")
        .with_columns(
            pl.coalesce("shares", "listed").alias("shares"),
            pl.col("factor").fill_null(1.0),
            # Halted is a fact of the day served, not of the later master file.
            pl.when(pl.col("last_volume") == 0).then(pl.lit("Y")).otherwise(pl.lit("N")).alias("halted"),
        )
        .drop("listed", "last_volume")
    )
    listed = master.filter(pl.col("list_date") <= sessions[-1].strftime("%Y%m%d"))
    by_volume = listed.with_columns(pl.col("prev_vol").cast(pl.Int64).alias("order")).sort("order", descending=True)
    funds = (
        pl.concat([by_volume.filter(pl.col("group") == group).head(count) for group, count in FUNDS.items()])
        .select(*facts.columns, "name", "market")
        .with_columns(pl.lit(1.0).alias("factor"), (pl.col("shares_k").cast(pl.Int64) * 1000).alias("shares"))
        .select(stocks.columns)
    )
    write("symbols.csv.gz", pl.concat([stocks, funds], how="vertical_relaxed").sort("code"))
    write(
        "bars.csv.gz",
        recent.filter(pl.col("code").is_in(codes))
        .select("code", "date", "open", "high", "low", "close", "volume", "amount")
        .sort("code", "date"),
    )
    whole = bars.filter(pl.col("date").is_in(sessions))
    write("sectors.csv.gz", sector_frame(whole, master).filter(pl.col("date") > sessions[0]))
    write("sector_names.csv.gz", names)
    write("index.csv.gz", index.filter(pl.col("date").is_in(sessions)).sort("market", "date"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with the recorded data")
    build(parser.parse_args().folder)
