// Which page a URL's hash names, and the hash of a page. In, "#/model/digits/1.0"; out, a route. Names are encoded, so one
// with a slash or a percent sign is still one name.

import type { Which } from "../api/server.ts";

export type Route = { readonly page: "overview" } | ({ readonly page: "model" } & Which);

/** The route of a hash; the overview for whatever is none. */
export function route(hash: string): Route {
  const [, page, name, version] = hash.replace(/^#/, "").split("/");
  if (page !== "model" || !name) return { page: "overview" };
  return { page: "model", name: decoded(name), version: version ? decoded(version) : null };
}

/** The hash of a model's page. */
export function place({ name, version }: Which): string {
  const path = `#/model/${encodeURIComponent(name)}`;
  return version === null ? path : `${path}/${encodeURIComponent(version)}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign by hand
  }
}
