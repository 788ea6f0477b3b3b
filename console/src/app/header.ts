// The top of every page: whose console it is, and whether its numbers are fresh. In, overviews and the stream's state; out,
// an element, the window's title and icon. Called by `main`.

import type { Overview } from "../api/documents.ts";
import { attribute, fill, make, svg, write } from "../dom/make.ts";
import type { State } from "../live/messages.ts";
import { foremost } from "../parts/findings.ts";
import { span } from "../text/numbers.ts";
import { clock } from "../text/times.ts";
import { icon } from "./icon.ts";

export class Header {
  readonly #where = make("span", { class: "where" });
  readonly #live = make("span", { class: "live", "data-state": "waiting" }, "connecting");
  readonly #retry = make("button", { type: "button", class: "quiet", hidden: true }, "Try now");
  readonly #sign = make("button", { type: "button", class: "quiet", hidden: true });
  readonly #spoken = make("span", { class: "unseen", role: "status" });
  #state: State = "connecting";
  #next: number | null = null;
  #why = "";
  #at: number | null = null;

  constructor(element: Element, actions: { readonly retry: () => void; readonly sign: () => void }) {
    this.#retry.addEventListener("click", actions.retry);
    this.#sign.addEventListener("click", actions.sign);
    const brand = make("a", { class: "brand", href: "#/" }, eye(), "Servescope");
    const nothing = make("span", { class: "grow" });
    fill(element, make("div", { class: "row" }, brand, this.#where, nothing, this.#live, this.#retry, this.#sign, this.#spoken));
    setInterval(() => this.#show(), 1000);
  }

  state(state: State, why: string, next: number | null): void {
    if (state !== this.#state) write(this.#spoken, SPOKEN[state]);
    this.#state = state;
    this.#why = why;
    this.#next = next;
    this.#show();
  }

  overview({ at, server, findings }: Overview): void {
    this.#at = at;
    const ending = server.draining ? " · is stopping" : "";
    write(this.#where, `${server.hostname} · ${server.version} · up ${span(server.uptime_s)}${ending}`);
    const firing = foremost(findings).filter((finding) => finding.standing === "firing");
    document.title = firing.length ? `(${firing.length}) Servescope · ${server.hostname}` : `Servescope · ${server.hostname}`;
    icon(firing.some((finding) => finding.severity === "page") ? "bad" : firing.length ? "warn" : "good");
  }

  /** The button that signs in or out; null hides it. */
  sign(words: string | null): void {
    this.#sign.hidden = words === null;
    write(this.#sign, words ?? "");
  }

  #show(): void {
    attribute(this.#live, "data-state", this.#state === "live" ? "live" : this.#state === "away" ? "away" : "waiting");
    attribute(this.#live, "title", this.#why || null);
    write(this.#live, this.#words());
    this.#retry.hidden = this.#state !== "away";
  }

  #words(): string {
    const then = this.#at === null ? "" : `, last at ${clock(this.#at)}`;
    if (this.#state === "live") return this.#at === null ? "live" : `live · ${clock(this.#at)}`;
    if (this.#state === "full") return `every half minute${then}`;
    if (this.#state === "connecting") return "connecting";
    const left = this.#next === null ? 0 : Math.max(0, Math.ceil((this.#next - Date.now()) / 1000));
    return `no answer${then}, again in ${left} s`;
  }
}

const SPOKEN: Readonly<Record<State, string>> = {
  live: "Numbers are live.",
  full: "The server has no stream left; numbers come every half minute.",
  away: "The server does not answer; the numbers are old.",
  connecting: "",
};

function eye(): SVGSVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": 2, "aria-hidden": "true" },
    svg("circle", { cx: 12, cy: 12, r: 9.5 }),
    svg("path", { d: "M4.5 12.5h4l2-5 3.2 9 2-4h4", "stroke-linecap": "round", "stroke-linejoin": "round" }),
  );
}
