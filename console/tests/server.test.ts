// URLs of the API: relative to the page, so a path prefix stays, and any name is one part of a path.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Server, modelPath } from "../src/api/server.ts";

test("the API is where the page is", () => {
  assert.equal(new Server("http://h:8082/console").events, "http://h:8082/console/api/events");
  assert.equal(new Server("https://h/a/b/console#/model/x").events, "https://h/a/b/console/api/events");
});

test("names and versions are encoded", () => {
  assert.equal(modelPath({ name: "a/?#<b>", version: null }, ""), "models/a%2F%3F%23%3Cb%3E");
  assert.equal(modelPath({ name: "a", version: "1&2" }, "history", { range: "hour" }), "models/a/history?range=hour&version=1%262");
});
