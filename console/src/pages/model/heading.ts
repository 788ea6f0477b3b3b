// A model page's first line: in, the model; out, its name, its versions, how it stands and what it is. Called by the page.

import type { Model } from "../../api/documents.ts";
import type { Which } from "../../api/server.ts";
import { place } from "../../app/route.ts";
import { fill, make, write } from "../../dom/make.ts";
import { Pill } from "../../parts/pill.ts";
import { words } from "../../text/words.ts";

export class Heading {
  readonly element: HTMLElement;
  readonly #version = make("span", { class: "faint" });
  readonly #pill = new Pill();
  readonly #info = make("p", { class: "faint info" });
  readonly #versions = make("nav", { class: "versions", "aria-label": "Versions", hidden: true });
  #listed = "";

  constructor({ name, version }: Which) {
    write(this.#version, version ?? "");
    const title = make("h1", {}, name, " ", this.#version);
    this.element = make("div", {}, make("div", { class: "title" }, title, this.#pill.element), this.#info, this.#versions);
  }

  update(model: Model): void {
    write(this.#version, model.version);
    this.#pill.update(model.state);
    write(this.#info, described(model.info));
    this.#listVersions(model);
  }

  #listVersions({ name, version, versions }: Model): void {
    const listed = JSON.stringify([version, versions]);
    if (listed === this.#listed) return;
    this.#listed = listed;
    this.#versions.hidden = versions.length < 2;
    const links = versions.map((one) =>
      make("a", { href: place({ name, version: one.version }), "aria-current": one.version === version ? "page" : null }, one.default ? `${one.version} (default)` : one.version),
    );
    fill(this.#versions, ...links);
  }
}

/** "handler x.py · batch size 1 · …"; what is not known is left out. */
export function described(info: Model["info"]): string {
  const known = Object.entries(info).filter(([, value]) => value !== null && value !== "");
  return known.map(([key, value]) => withUnit(key, value)).join(" · ");
}

function withUnit(key: string, value: string | number | null): string {
  const unit = /_(ms|s)$/.exec(key)?.[1];
  return unit ? `${words(key.slice(0, -unit.length - 1))} ${value} ${unit}` : `${words(key)} ${value}`;
}
