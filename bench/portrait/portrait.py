"""The peer of our portrait: the same parameters of the same data in DuckDB SQL, on two threads.

    portrait.py --as-of 2017-12-31 --out portrait.parquet     compute, print one JSON line
    portrait.py --compare A.parquet --with B.parquet          the largest relative deviation

The Complete Journey's Parquet files are in the folder that COMPLETE_JOURNEY names. `sale.sql`
loads the facts, `shared.sql` prepares what several families need, and each file of `families/` computes one
family, one row a customer. Nothing here is used by the product.
"""

import argparse
import json
import math
import os
import pathlib
import resource
import sys
import time

import duckdb

HERE = pathlib.Path(__file__).parent
FEEDS = ["transactions", "products", "campaigns", "campaign_descriptions", "coupon_redemptions"]
FAMILIES = [
    "recency_tenure",
    "frequency",
    "monetary",
    "regularity",
    "basket",
    "diversity",
    "affinity_loyalty",
    "price_promo",
    "place_time",
    "dynamics",
    "lifecycle_value",
    "campaign_response",
    "consumption_cycle",
]


def main():
    """Computes or compares, as asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--as-of", help="the last day that counts, such as 2017-12-31")
    parser.add_argument("--out", help="the Parquet file to write")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--profile", action="store_true", help="seconds of each step on stderr")
    parser.add_argument("--compare", metavar="OURS", help="a Parquet file to compare ...")
    parser.add_argument("--with", dest="other", metavar="THEIRS", help="... with this one")
    asked = parser.parse_args()
    if asked.compare and asked.other:
        print(json.dumps(compare(asked.compare, asked.other)))
    elif asked.as_of and asked.out:
        print(json.dumps(compute(asked)))
    else:
        parser.error("give --as-of and --out, or --compare and --with")


def compute(asked):
    """Loads, computes and writes; returns the seconds of each, writing not counted."""
    folder = os.environ.get("COMPLETE_JOURNEY")
    if not folder:
        sys.exit("COMPLETE_JOURNEY is not set: run examples/complete-journey/fetch FOLDER first")
    database = duckdb.connect()
    database.execute(f"set threads = {asked.threads}")
    database.execute("create table asked as select cast(? as date) as as_of", [asked.as_of])
    for feed in FEEDS:
        path = pathlib.Path(folder, f"{feed}.parquet").as_posix().replace("'", "''")
        database.execute(f"create view {feed} as from '{path}'")
    clock = Clock(asked.profile)
    run_script(database, clock, "sale.sql")
    load_s = clock.total()
    run_script(database, clock, "shared.sql")
    for family in FAMILIES:
        text = (HERE / "families" / f"{family}.sql").read_text()
        database.execute(f"create table family_{family} as {text}")
        clock.lap(family)
    joins = "".join(f" left join family_{family} using (customer)" for family in FAMILIES[1:])
    database.execute(
        f"create table portrait as from family_{FAMILIES[0]}{joins} order by customer"
    )
    clock.lap("join")
    compute_s = clock.total() - load_s
    path = pathlib.Path(asked.out).as_posix().replace("'", "''")
    database.execute(f"copy portrait to '{path}' (format parquet)")
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "load_s": round(load_s, 3),
        "compute_s": round(compute_s, 3),
        "cpu_s": round(used.ru_utime + used.ru_stime, 3),
        "rows": database.execute("select count(*) from portrait").fetchone()[0],
        "parameters": len(database.execute("describe portrait").fetchall()) - 1,
        "engine": f"DuckDB {duckdb.__version__}, {asked.threads} threads",
    }


def run_script(database, clock, name):
    """Executes a file statement by statement, so that a slow one can be named."""
    for statement in duckdb.extract_statements((HERE / name).read_text()):
        text = statement.query.strip()
        database.execute(text)
        label = next(line for line in text.splitlines() if line.startswith("create"))
        clock.lap(label)


class Clock:
    """Seconds since it was made; laps on stderr where asked for."""

    def __init__(self, talk):
        self.talk = talk
        self.began = self.last = time.perf_counter()

    def lap(self, label):
        now = time.perf_counter()
        if self.talk:
            print(f"{now - self.last:7.3f} s  {label}", file=sys.stderr)
        self.last = now

    def total(self):
        return time.perf_counter() - self.began


def compare(ours, theirs):
    """The largest deviation over all customers and parameters that both files have.

    Numbers: |a - b| / max(1, |b|). Dates, ids and labels are equal or not. A value against null is
    an infinite deviation, written as null in JSON, and counted under `different`.
    """
    left, right = read_columns(ours), read_columns(theirs)
    left_rows, right_rows = positions(left), positions(right)
    both = sorted(left_rows.keys() & right_rows.keys())
    parameters = [name for name in right if name in left and name != "customer"]
    largest, worst, different = 0.0, None, 0
    for name in parameters:
        for customer in both:
            a, b = left[name][left_rows[customer]], right[name][right_rows[customer]]
            apart = deviation(a, b)
            different += apart > 1e-9
            if apart > largest:
                largest = apart
                worst = {"parameter": name, "customer": customer, "ours": str(a), "theirs": str(b)}
    return {
        "customers": len(both),
        "customers_of_one_only": len(left_rows.keys() ^ right_rows.keys()),
        "parameters": len(parameters),
        "missing_parameters": [name for name in right if name not in left],
        "largest_deviation": largest if math.isfinite(largest) else None,
        "different": different,
        "worst": worst,
    }


def read_columns(path):
    """Column name to list of values; the customer's id as text under `customer`."""
    table = duckdb.connect().sql("from read_parquet(?)", params=[path]).to_arrow_table()
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    key = "customer" if "customer" in columns else table.column_names[0]
    columns["customer"] = [str(value) for value in columns.pop(key)]
    return columns


def positions(columns):
    """Customer to row."""
    return {customer: row for row, customer in enumerate(columns["customer"])}


def deviation(a, b):
    """How far two values of one parameter are apart; see `compare`."""
    if a is None or b is None:
        return 0.0 if a is b else math.inf
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        apart = abs(a - b) / max(1.0, abs(b))
        return apart if apart == apart else math.inf
    return 0.0 if str(a) == str(b) else math.inf


if __name__ == "__main__":
    main()
