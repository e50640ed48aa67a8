// Posts a receipt and reads the card's balance: PROFFER_URL, PROFFER_KEY, then CARD and NUMBER.
// A write that is not answered, or with 503, is repeated with the same key: it is done once.

const { PROFFER_URL: url, PROFFER_KEY: key } = process.env;
const [card, number] = process.argv.slice(2);
if (!url || !key || !card || !number) {
  console.error(`usage: PROFFER_URL=… PROFFER_KEY=… node ${process.argv[1]} CARD NUMBER`);
  process.exit(2);
}
const tries = 5;
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

async function call(method, path, body, idempotencyKey) {
  const headers = { Authorization: `Bearer ${key}` };
  if (body) {
    headers["Content-Type"] = "application/json";
    headers["Idempotency-Key"] = idempotencyKey;
  }
  for (let tried = 1; ; tried += 1) {
    let answer;
    try {
      const signal = AbortSignal.timeout(10_000);
      answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body), signal });
    } catch (error) {
      if (tried === tries) throw error;
      await pause(tried);
      continue;
    }
    const told = await answer.json();
    if (answer.ok) return told;
    if (answer.status !== 503 || tried === tries) {
      const faults = (told.errors ?? []).map((fault) => `${fault.pointer}: ${fault.detail}`);
      throw new Error(`${told.title}: ${told.detail ?? ""} ${faults.join("; ")}`);
    }
    await pause(Number(answer.headers.get("Retry-After") ?? 1));
  }
}

const receipt = {
  number,
  at: new Date().toISOString(),
  card,
  lines: [{ product: "milk", category: "dairy", quantity: 2000, net: 20000 }],
};
console.error(JSON.stringify(await call("POST", "/api/v1/receipts", receipt, `receipt-${number}`)));
console.log(JSON.stringify(await call("GET", `/api/v1/cards/${card}/balance`)));
