// Vendure's own calculator over entities in memory: promotions with an action of a share off the lines of a
// category, and no VAT. What it asks services for is answered from memory.
"use strict";
const { load, measure, w100 } = require("./basket.js");

const core = load("@vendure/core");
const { version } = load("@vendure/core/package.json");
const { lines, rules } = w100();

const share = new core.PromotionItemAction({
  code: "share_off_category",
  description: [{ languageCode: core.LanguageCode.en, value: "{ discount } % off { category }" }],
  args: { category: { type: "string" }, discount: { type: "float" } },
  execute: (_, line, args) =>
    line.customFields.category === args.category ? (-line.unitPrice * args.discount) / 100 : 0,
});

const promotions = rules.map(
  (rule, at) =>
    new core.Promotion({
      id: at + 1,
      name: rule.code,
      enabled: true,
      priorityScore: 0,
      promotionConditions: [],
      promotionActions: [share],
      conditions: [],
      actions: [
        {
          code: share.code,
          args: [
            { name: "category", value: rule.category },
            { name: "discount", value: String(rule.percent) },
          ],
        },
      ],
    }),
);

const zone = new core.Zone({ id: 1, name: "zone", members: [] });
const free = new core.TaxRate({ id: 1, name: "none", enabled: true, value: 0, zone });
const { taxLineCalculationStrategy } = core.defaultConfig.taxOptions;
const calculator = new core.OrderCalculator(
  {
    taxOptions: {
      taxZoneStrategy: { determineTaxZone: () => zone },
      taxLineCalculationStrategy,
    },
  },
  { getAllWithMembers: async () => [zone] },
  { getApplicableTaxRate: async () => free },
  undefined,
  undefined,
  { get: (_, __, compute) => compute() },
);

const basket = new core.Order({
  id: 1,
  couponCodes: [],
  surcharges: [],
  shippingLines: [],
  taxZoneId: 1,
  lines: lines.map(
    (line, at) =>
      new core.OrderLine({
        id: at + 1,
        quantity: line.quantity,
        orderPlacedQuantity: 0,
        listPrice: line.price * 100,
        listPriceIncludesTax: true,
        initialListPrice: line.price * 100,
        taxLines: [],
        adjustments: [],
        customFields: { category: line.category },
      }),
  ),
});

async function price() {
  const options = { recalculateShipping: false };
  await calculator.applyPriceAdjustments({ channelId: 1 }, basket, promotions, basket.lines, options);
  const adjustments = basket.lines.flatMap((line) => line.adjustments);
  if (adjustments.length !== 25) {
    throw new Error(`${adjustments.length} adjustments`);
  }
  const whole = basket.lines.reduce((sum, line) => sum + line.listPrice * line.quantity, 0);
  return ((whole - basket.subTotalWithTax) / 100).toFixed(4);
}

measure("Vendure's calculator", version, price);
