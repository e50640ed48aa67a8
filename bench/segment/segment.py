"""The peer of our segments: DuckDB counts the same customers in the same Parquet file, on two threads.

    segment.py --file portraits.parquet --where "spend_91d >= 100" --runs 31     prints one JSON line

The statement is ours: what the audience language says without `not` and days, SQL says alike. Nothing here is used
by the product.
"""

import argparse
import json
import statistics
import time

import duckdb


def main():
    """Counts as often as asked; prints the count and the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", required=True, help="a snapshot's portraits.parquet")
    parser.add_argument("--where", required=True, help="a segment")
    parser.add_argument("--runs", type=int, default=31)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    connection = duckdb.connect(config={"threads": asked.threads})
    statement = f"SELECT count(*) FROM read_parquet(?) WHERE {asked.where}"
    times, customers = [], None
    for _ in range(asked.runs):
        began = time.perf_counter()
        customers = connection.execute(statement, [asked.file]).fetchone()[0]
        times.append((time.perf_counter() - began) * 1000)
    print(
        json.dumps(
            {
                "engine": f"DuckDB {duckdb.__version__}",
                "customers": customers,
                "first_ms": times[0],
                "median_ms": statistics.median(times),
            }
        )
    )


if __name__ == "__main__":
    main()
