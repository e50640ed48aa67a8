"""Posts a receipt and reads the card's balance: PROFFER_URL, PROFFER_KEY, then CARD and NUMBER.

A write that is not answered, or with 503, is repeated with the same key: it is done once.
"""

import datetime
import json
import os
import sys
import time
import urllib.error
import urllib.request

URL, KEY = os.environ.get("PROFFER_URL"), os.environ.get("PROFFER_KEY")
if not (URL and KEY and len(sys.argv) == 3):
    sys.exit(f"usage: PROFFER_URL=… PROFFER_KEY=… {sys.argv[0]} CARD NUMBER")
TRIES = 5


def call(method, path, body=None, key=None):
    """What the programme answers; a problem ends the script with its title and faults."""
    headers = {"Authorization": f"Bearer {KEY}"}
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        headers |= {"Content-Type": "application/json", "Idempotency-Key": key}
    for tried in range(1, TRIES + 1):
        request = urllib.request.Request(URL + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            if error.code != 503 or tried == TRIES:
                faults = [f"{fault['pointer']}: {fault['detail']}" for fault in problem.get("errors", [])]
                sys.exit(f"{problem['title']}: {problem.get('detail', '')} {faults}")
            time.sleep(int(error.headers.get("Retry-After", "1")))
        except (urllib.error.URLError, TimeoutError):
            if tried == TRIES:
                raise
            time.sleep(tried)


card, number = sys.argv[1:]
receipt = {
    "number": number,
    "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    "card": card,
    "lines": [{"product": "milk", "category": "dairy", "quantity": 2000, "net": 20000}],
}
taken = call("POST", "/api/v1/receipts", receipt, key=f"receipt-{number}")
print(json.dumps(taken), file=sys.stderr)
print(json.dumps(call("GET", f"/api/v1/cards/{card}/balance")))
