// The functions by which Medusa's promotion module computes actions, in the sequence in which the module calls
// them; promotions are loaded already, no database is asked.
"use strict";
const { load, measure, w100 } = require("./basket.js");

const { version } = load("@medusajs/promotion/package.json");
const { ComputeActionUtils, areRulesValidForContext } = load("@medusajs/promotion/dist/utils");
const { MathBN, transformPropertiesToBigNumber } = load("@medusajs/framework/utils");
const { lines, rules } = w100();

const promotions = rules
  .map((rule) => ({
    code: rule.code,
    type: "standard",
    is_automatic: true,
    is_tax_inclusive: false,
    rules: [],
    application_method: {
      type: "percentage",
      target_type: "items",
      allocation: "each",
      value: rule.percent,
      max_quantity: 1000,
      currency_code: "rub",
      target_rules: [
        { attribute: "items.category", operator: "eq", values: [{ value: rule.category }] },
      ],
    },
  }))
  .sort((a, b) => b.application_method.value - a.application_method.value);

const context = {
  currency_code: "rub",
  items: lines.map((line) => ({
    id: line.id,
    quantity: line.quantity,
    subtotal: line.price * line.quantity,
    original_total: line.price * line.quantity,
    is_discountable: true,
    category: line.category,
  })),
};

function price() {
  const actions = [];
  const given = new Map();
  const sorted = [...promotions].sort(ComputeActionUtils.sortByBuyGetType);
  for (const promotion of sorted) {
    const { application_method: method } = promotion;
    const currency = !method.currency_code || method.currency_code === context.currency_code;
    if (!areRulesValidForContext(promotion.rules, context, "order") || !currency) {
      continue;
    }
    actions.push(
      ...ComputeActionUtils.getComputedActionsForItems(promotion, context.items, given, undefined),
    );
  }
  transformPropertiesToBigNumber(actions, { include: ["amount"] });
  const discount = actions.reduce((sum, action) => MathBN.add(sum, action.amount), 0);
  if (actions.length !== 25) {
    throw new Error(`${actions.length} actions`);
  }
  return Number(discount).toFixed(4);
}

measure("Medusa's compute functions", version, async () => price());
