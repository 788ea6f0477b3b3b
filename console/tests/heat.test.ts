// The heatmap's rows and strengths.

import assert from "node:assert/strict";
import { test } from "node:test";
import { span, strength, used } from "../src/charts/heat.ts";

const map = (counts: (number[] | null)[]) => ({ step_s: 30, at: counts.map((_, index) => index), bounds: [0.1, 0.2, 0.5], counts, most: 9 });

test("rows that were hit, with one more on each side as far as there is one", () => {
  assert.deepEqual(used(map([[0, 0, 3, 0], null])), { first: 1, last: 3 });
  assert.deepEqual(used(map([[1, 0, 0, 9]])), { first: 0, last: 3 });
});

test("nothing was hit", () => {
  assert.equal(used(map([[0, 0, 0, 0], null])), null);
  assert.equal(used(map([])), null);
});

test("one among thousands is seen, and more is never fainter", () => {
  assert.equal(strength(0, 1000), 0);
  assert.ok(strength(1, 1_000_000) >= 0.15);
  assert.equal(strength(1000, 1000), 1);
  assert.equal(strength(1, 1), 1);
  const all = [1, 2, 5, 10, 100, 999].map((count) => strength(count, 1000));
  assert.deepEqual(all, [...all].sort((one, other) => one - other));
});

test("the first bucket has no lower bound, the last no upper one", () => {
  assert.deepEqual([0, 1, 3].map((bucket) => span([0.1, 0.2, 0.5], bucket)), [[null, 0.1], [0.1, 0.2], [0.5, null]]);
});
