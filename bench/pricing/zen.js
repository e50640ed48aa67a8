// zen-engine chooses rules from one decision table, once for the basket, which costs it less than line by line;
// the shares are added up here. It knows no money, no combination of rules, no proof.
"use strict";
const { load, measure, w100 } = require("./basket.js");

const { ZenEngine } = load("@gorules/zen-engine");
const { version } = load("@gorules/zen-engine/package.json");
const { lines, rules } = w100();

const table = {
  hitPolicy: "collect",
  inputs: [{ id: "chosen", name: "chosen" }],
  outputs: [
    { id: "category", name: "category", field: "category" },
    { id: "percent", name: "percent", field: "percent" },
  ],
  rules: rules.map((rule) => ({
    _id: rule.code,
    chosen: `${JSON.stringify(rule.category)} in categories`,
    category: JSON.stringify(rule.category),
    percent: String(rule.percent),
  })),
};
const decision = new ZenEngine().createDecision({
  nodes: [
    { id: "in", type: "inputNode", name: "in" },
    { id: "table", type: "decisionTableNode", name: "table", content: table },
    { id: "out", type: "outputNode", name: "out" },
  ],
  edges: [
    { id: "1", type: "edge", sourceId: "in", targetId: "table" },
    { id: "2", type: "edge", sourceId: "table", targetId: "out" },
  ],
});

const amounts = new Map(lines.map((line) => [line.category, line.price * line.quantity]));

async function price() {
  const categories = lines.map((line) => line.category);
  const { result } = await decision.evaluate({ categories });
  if (result.length !== 25) {
    throw new Error(`${result.length} rules`);
  }
  let discount = 0;
  for (const rule of result) {
    discount += (amounts.get(rule.category) * rule.percent) / 100;
  }
  return discount.toFixed(4);
}

measure("zen-engine", version, price);
