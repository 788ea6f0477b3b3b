// Numbers in words: three figures, a unit, and a dash for what was not measured.

import assert from "node:assert/strict";
import { test } from "node:test";
import { NONE, bytes, count, figure, percent, rate, seconds, span } from "../src/text/numbers.ts";

const CASES: readonly (readonly [(value: number) => string, number, string])[] = [
  [figure, 0, "0"],
  [figure, 1, "1"],
  [figure, 12.345, "12.3"],
  [figure, 1234.5, "1,235"],
  [figure, 1234567, "1.23M"],
  [figure, 0.01234, "0.0123"],
  [figure, 0.0000123, "1e-5"],
  [figure, -3.21, "-3.21"],
  [rate, 2.5, "2.5/s"],
  [seconds, 0, "0 s"],
  [seconds, 0.0000042, "4.2 µs"],
  [seconds, 0.0042, "4.2 ms"],
  [seconds, 0.9996, "1 s"],
  [seconds, 1.234, "1.23 s"],
  [seconds, 75, "1 min 15 s"],
  [span, 0, "0 s"],
  [span, 59.6, "1 min"],
  [span, 3600, "1 h"],
  [span, 93784, "1 d 2 h"],
  [span, 86460, "1 d"],
  [span, -5, "0 s"],
  [percent, 0, "0 %"],
  [percent, 1, "100 %"],
  [percent, 0.01234, "1.23 %"],
  [percent, 0.00001, "<0.01 %"],
  [percent, 0.99999, ">99.99 %"],
  [bytes, 512, "512 B"],
  [bytes, 1536, "1.5 KiB"],
  [bytes, 2 ** 40, "1 TiB"],
];

for (const [format, value, text] of CASES) {
  test(`${format.name}(${value}) is ${text}`, () => assert.equal(format(value), text));
}

test("what was not measured, or is no number, is a dash and never NaN", () => {
  for (const format of [figure, rate, seconds, span, percent, bytes]) {
    for (const value of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) assert.equal(format(value), NONE);
  }
});

test("one is one, and all else are several", () => {
  assert.deepEqual([0, 1, 2].map((number) => count(number, "worker")), ["0 workers", "1 worker", "2 workers"]);
});
