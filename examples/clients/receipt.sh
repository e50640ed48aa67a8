#!/bin/sh
# Posts a receipt and reads the card's balance: PROFFER_URL, PROFFER_KEY, then CARD and NUMBER.
# A write that is not answered, or with 503, is repeated with the same key: it is done once.
set -eu
usage="usage: PROFFER_URL=… PROFFER_KEY=… $0 CARD NUMBER"
: "${PROFFER_URL:?$usage}" "${PROFFER_KEY:?$usage}"
card=${1:?$usage} number=${2:?$usage}
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
body="{\"number\": \"$number\", \"at\": \"$now\", \"card\": \"$card\", \"lines\": [
  {\"product\": \"milk\", \"category\": \"dairy\", \"quantity\": 2000, \"net\": 20000}]}"

curl -sS --fail-with-body --retry 5 --retry-connrefused --retry-max-time 30 \
  -H "Authorization: Bearer $PROFFER_KEY" -H "Content-Type: application/json" \
  -H "Idempotency-Key: receipt-$number" -d "$body" "$PROFFER_URL/api/v1/receipts" >&2
echo >&2
curl -sS --fail-with-body -H "Authorization: Bearer $PROFFER_KEY" \
  "$PROFFER_URL/api/v1/cards/$card/balance"
