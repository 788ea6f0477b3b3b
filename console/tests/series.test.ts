// Lines: laid upon each other, drawn with gaps, and their colours.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mix } from "../src/charts/mix.ts";
import { path } from "../src/charts/path.ts";
import { alone, colour, last, stacked } from "../src/charts/series.ts";

const line = (values: (number | null)[]) => ({ label: "l", values, colour: "--series-1" });

test("each band is the sum of itself and those below; a gap is one only where all have it", () => {
  const bands = stacked([line([1, null, null, 2]), line([2, 3, null, null])]);
  assert.deepEqual(bands.map(({ values }) => values), [[1, null, null, 2], [3, 3, null, 2]]);
});

test("the last that was measured", () => {
  assert.equal(last([1, 2, null]), 2);
  assert.equal(last([null]), null);
  assert.equal(last([]), null);
});

test("a line begins anew after a gap, and a lone point is seen", () => {
  assert.equal(path([0, 10, null, 5], 10, 30, 12), "M0 11h0.01L10 1M30 6h0.01");
});

test("a line of zeroes lies at the bottom, and nothing is no line", () => {
  assert.equal(path([0, 0], 0, 10, 10), "M0 9h0.01L10 9");
  assert.equal(path([], 5, 10, 10), "");
  assert.equal(path([null], 5, 10, 10), "");
});

test("colours begin again after the last", () => {
  assert.equal(colour(0), colour(8));
});

test("a colour between two", () => {
  assert.equal(mix("#000000", "#ff8000", 0), "rgb(0 0 0)");
  assert.equal(mix("#000000", "#ff8000", 0.5), "rgb(128 64 0)");
  assert.equal(mix("#000000", "#ff8000", 1), "rgb(255 128 0)");
});

test("a value with a gap on either side is a point", () => {
  assert.deepEqual(alone([1, null, 2, 3, null, 4]), [0, 5]);
  assert.deepEqual(alone([null, 1, null]), [1]);
  assert.deepEqual(alone([]), []);
});
