"""Rebuild `regions.csv.gz` from the source tables: `python properties/normalise/data/build_regions.py SOURCE_FOLDER`.

The source folder holds the 법정동 file data of the national open-data portal and the change table of the 2026 reforms.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from pathlib import Path

TARGET = Path(__file__).with_name("regions.csv.gz")
HWASEONG = "2026-02-01"
# Names of provinces before the reforms of 2023 and 2024; the codes below them kept their last eight digits.
FORMER_PROVINCES = {"42": "강원도", "45": "전라북도"}


def read(folder: Path, name: str) -> list[dict[str, str]]:
    """Rows of one gzipped source table."""
    with gzip.open(folder / name, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def build(folder: Path) -> list[tuple[str, str, str, str, str]]:
    """Rows (code, name, valid_from, valid_to, successors), sorted by code; blank means open."""
    former = {row["code"]: row for row in read(folder, "bjdong_active_20250807.csv.gz")}
    status = {row["code"]: row for row in read(folder, "bjdong_status_202602.csv.gz")}
    names: dict[str, str] = {}
    start: dict[str, str] = {}
    end: dict[str, str] = {}
    successors: dict[str, set[str]] = {}

    def retire(old: str, name: str, new: str, day: str) -> None:
        names.setdefault(old, name)
        end[old] = day
        successors.setdefault(old, set()).add(new)

    for code, row in status.items():
        if row["is_active"] == "1":
            names[code] = row["full_name"]
            start[code] = former[code]["created"] if code in former else HWASEONG
    for code, row in former.items():
        previous = row["prev_code"]
        if len(previous) == 10 and previous != code and row["created"] >= "2023-01-01":
            name = status[previous]["full_name"] if previous in status else row["full_name"]
            if previous[:2] in FORMER_PROVINCES:
                name = " ".join([FORMER_PROVINCES[previous[:2]], *name.split()[1:]])
            retire(previous, name, code, row["created"])
    # Between August 2025 and February 2026 codes were re-issued without a predecessor column: match by name,
    # a general district (구) or a new rank (면 to 읍) being the only difference.
    fresh = [code for code in names if code not in former and code not in end]
    by_leaf: dict[tuple[str, str], list[str]] = {}
    for code in fresh:
        words = names[code].split()
        for skip in (2, 3):
            tail = " ".join(words[skip:])
            by_leaf.setdefault((" ".join(words[:2]), tail), []).append(code)
            by_leaf.setdefault((" ".join(words[:2]), tail.replace("읍", "면")), []).append(code)
    for code, row in former.items():
        if code in names:
            continue
        words = row["full_name"].split()
        candidates = by_leaf.get((" ".join(words[:2]), " ".join(words[2:])), [])
        names[code], end[code], start[code] = row["full_name"], HWASEONG, row["created"]
        successors.setdefault(code, set()).update(candidates)
    # A city that was divided is succeeded by its new districts.
    for code in [code for code in names if code.endswith("00000") and code in former]:
        children = {new[:5] + "00000" for old, news in successors.items() if old[:5] == code[:5] for new in news}
        children.discard(code)
        if children and code[:5] == "41590":
            successors.setdefault(code, set()).update(children)
            end.setdefault(code, HWASEONG)
    for row in read(folder, "bjdong_changes_202607.csv.gz"):
        retire(row["old_code"], row["old_name"], row["new_code"], row["effective"])
        names[row["new_code"]], start[row["new_code"]] = row["new_name"], row["effective"]
    # Districts of the 2026 reforms that the change table lists only by their dongs.
    for old in [code for code in list(successors) if code.endswith("00") and not code.endswith("00000")]:
        for new in list(successors[old]):
            old_district, new_district = old[:5] + "00000", new[:5] + "00000"
            if old_district in names and new_district != old_district and end.get(old, "") >= "2026-07-01":
                successors.setdefault(old_district, set()).add(new_district)
                end.setdefault(old_district, end[old])
                if new_district not in names:
                    names[new_district] = " ".join(names[new].split()[:-1])
                    start[new_district] = end[old]
    return [
        (code, names[code], start.get(code, ""), end.get(code, ""), "|".join(sorted(successors.get(code, ()))))
        for code in sorted(names)
    ]


def main() -> None:
    """Write the table."""
    rows = build(Path(sys.argv[1]))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("code", "name", "valid_from", "valid_to", "successors"))
    writer.writerows(rows)
    # A fixed time stamp keeps the file identical from build to build.
    TARGET.write_bytes(gzip.compress(buffer.getvalue().encode(), mtime=0))
    retired = sum(1 for row in rows if row[3])
    sys.stdout.write(f"{len(rows)} codes, {retired} retired, {TARGET.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
