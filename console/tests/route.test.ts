// A page's hash and back: any name survives it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { place, route } from "../src/app/route.ts";

for (const name of ["digits", "<b>", "a%2Fb", "a b", "ü", "%", "#?&", '"']) {
  for (const version of [null, "1.0", "<i>%"]) {
    test(`${name} ${version} is found again`, () => assert.deepEqual(route(place({ name, version })), { page: "model", name, version }));
  }
}

test("what names no page is the overview", () => {
  for (const hash of ["", "#", "#/", "#/model", "#/model/", "#/other/x"]) assert.deepEqual(route(hash), { page: "overview" });
});

test("a percent sign by hand is taken as it is", () => {
  assert.deepEqual(route("#/model/50%"), { page: "model", name: "50%", version: null });
});
