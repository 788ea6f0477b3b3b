// What is wrong, worst first: in, the server's findings, which come in that order; out, a list in words, each with the way to
// its place and to its section of the runbook. Called by both pages.

import type { Finding } from "../api/documents.ts";
import { Keyed, type Part } from "../dom/keyed.ts";
import { attribute, make, write } from "../dom/make.ts";
import { span } from "../text/numbers.ts";

export class Findings {
  readonly element = make("ul", { class: "findings" });
  readonly #list: Keyed<Finding>;
  #now = 0;

  /** `places`: whether each is to link to its model's page, which it need not there. */
  constructor(places: boolean) {
    this.#list = new Keyed<Finding>(this.element, key, () => new Row(places, () => this.#now));
  }

  update(findings: readonly Finding[], now: number): void {
    this.#now = now;
    this.element.hidden = findings.length === 0;
    this.#list.update(findings);
  }
}

/** How grave it is: an alert that calls somebody, one that can wait until morning, or none yet. */
export function gravity(finding: Finding): "page" | "ticket" | "pending" {
  if (finding.standing !== "firing") return "pending";
  return finding.severity === "page" ? "page" : "ticket";
}

/** Those that follow from no other; of a model in trouble these are the ones to begin with. */
export function foremost(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter((finding) => finding.behind === null);
}

/** Since when, and what the alert waits for. */
export function standing(finding: Finding, now: number): string {
  const lasted = finding.since === null ? null : Math.max(0, now - finding.since);
  if (finding.standing === "firing") return lasted === null ? "" : `for ${span(lasted)}`;
  if (lasted === null || finding.lasts_s === null) return "not for long enough to alert";
  return finding.lasts_s === 0 ? `for ${span(lasted)}, no alert yet` : `for ${span(lasted)}, alerts after ${span(finding.lasts_s)}`;
}

const MARKS = {
  page: ["■", "Urgent"],
  ticket: ["▲", "Soon"],
  pending: ["○", "No alert yet"],
} as const;

class Row implements Part<Finding> {
  readonly element = make("li", { class: "finding" });
  readonly #mark = make("span", { class: "mark", "aria-hidden": "true" });
  readonly #grave = make("span", { class: "grave" });
  readonly #summary: HTMLElement;
  readonly #when = make("span", { class: "faint" });
  readonly #description = make("p", { class: "soft" });
  readonly #runbook = make("a", {}, "What to do");
  readonly #now: () => number;

  constructor(places: boolean, now: () => number) {
    this.#now = now;
    this.#summary = places ? make("a", { class: "summary" }) : make("span", { class: "summary" });
    const line = make("p", { class: "line" }, this.#summary, " ", this.#when);
    const foot = make("p", { class: "foot" }, this.#grave, " · ", this.#runbook);
    this.element.append(this.#mark, make("div", {}, line, this.#description, foot));
  }

  update(finding: Finding): void {
    const grave = gravity(finding);
    attribute(this.element, "data-gravity", grave);
    attribute(this.element, "data-severity", finding.severity);
    const [mark, name] = MARKS[grave];
    write(this.#mark, mark);
    write(this.#grave, name);
    write(this.#summary, finding.summary);
    write(this.#when, standing(finding, this.#now()));
    write(this.#description, finding.description === finding.summary ? "" : finding.description);
    this.#description.hidden = !this.#description.textContent;
    if (this.#summary instanceof HTMLAnchorElement) attribute(this.#summary, "href", hash(finding.place));
    attribute(this.#runbook, "href", new URL(finding.runbook, document.baseURI).href);
    attribute(this.#runbook, "aria-label", `What to do: the runbook on ${finding.name}`);
  }
}

/** Only a place on these pages: never an address that comes with a text from outside. */
function hash(place: string): string {
  return place.startsWith("#/") ? place : "#/";
}

function key({ name, model, version, summary }: Finding): string {
  return JSON.stringify([name, model, version, model === null ? summary : ""]);
}
