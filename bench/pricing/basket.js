// What every peer is given: the basket and the rules of the oracle's case W100, and a clock.
"use strict";
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join, resolve } = require("node:path");

const ROUNDS = 7;
const ROUND_MS = 1000;

const [folder, cases] = process.argv.slice(2);

// Packages of the folder that npm made.
const load = createRequire(join(resolve(folder), "package.json"));

function w100() {
  const all = JSON.parse(readFileSync(cases, "utf8")).cases;
  const { lines, rules } = all.find((one) => one.id === "W100-additive");
  return {
    lines: lines.map((line) => ({
      id: line.id,
      quantity: line.qty,
      price: Number(line.unit_price),
      category: line.cat,
    })),
    rules: rules.map((rule) => ({
      code: rule.code,
      percent: Number(rule.value),
      category: rule.filter.cat,
    })),
  };
}

// Of a basket: medians of microseconds of processor time, all threads of the process together, and on the wall.
async function measure(peer, version, price) {
  const discount = await price();
  const cpu = [];
  const wall = [];
  // The first rounds warm up, and do not count.
  for (let round = -2; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    const began = performance.now();
    let baskets = 0;
    while (performance.now() - began < ROUND_MS) {
      await price();
      baskets += 1;
    }
    const took = performance.now() - began;
    const spent = process.cpuUsage(before);
    if (round >= 0) {
      cpu.push((spent.user + spent.system) / baskets);
      wall.push((took * 1000) / baskets);
    }
  }
  const again = await price();
  if (again !== discount) {
    throw new Error(`took ${again} off at the end, and ${discount} at first`);
  }
  const said = { peer, version, discount, cpu_us: median(cpu), wall_us: median(wall) };
  console.log(JSON.stringify(said));
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

module.exports = { load, measure, w100 };
