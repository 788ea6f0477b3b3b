// The overview: what is wrong first, then a card a model, then the machine. In, overviews; out, an element. Called by `main`.

import type { Card, Overview } from "../../api/documents.ts";
import { Refused, type Server } from "../../api/server.ts";
import type { Page } from "../../app/page.ts";
import { Keyed } from "../../dom/keyed.ts";
import { attribute, fill, make, write } from "../../dom/make.ts";
import { Findings, foremost } from "../../parts/findings.ts";
import { count, figure } from "../../text/numbers.ts";
import { ModelCard } from "./card.ts";
import { HostPart } from "./host.ts";
import { type Ranked, ranked } from "./order.ts";
import { verdict } from "./verdict.ts";

const HISTORY_EVERY_S = 30;
const FILTER_FROM = 9; // cards that fill more than a screen

export class OverviewPage implements Page {
  readonly element: HTMLElement;
  readonly #server: Server;
  readonly #verdict = make("h1", { class: "verdict" });
  readonly #sum = make("p", { class: "soft" });
  readonly #findings = new Findings(true);
  readonly #behind = make("p", { class: "soft", hidden: true });
  readonly #filter = make("input", { type: "search", placeholder: "Filter by name", "aria-label": "Filter the models by name" });
  readonly #cards = make("div", { class: "cards" });
  readonly #list = new Keyed<Ranked>(this.#cards, ({ card }) => JSON.stringify([card.name, card.version]), (one) => new ModelCard(one));
  readonly #none = make("p", { class: "calm" });
  readonly #host = new HostPart(() => this.#load());
  readonly #elsewhere = make("tbody", {});
  readonly #left: HTMLElement;
  #last: Overview | null = null;
  #loaded = 0;

  constructor(server: Server) {
    this.#server = server;
    this.#left = left(this.#elsewhere);
    this.#filter.addEventListener("input", () => this.#last && this.#models(this.#last));
    const heading = make("div", { class: "between" }, make("h2", {}, "Models"), this.#filter);
    const models = make("section", { "aria-label": "Models" }, heading, this.#none, this.#cards);
    const top = make("section", { class: "wrong", "aria-label": "What is wrong now" }, this.#verdict, this.#sum, this.#findings.element, this.#behind);
    this.element = make("div", { class: "unknown" }, top, models, this.#host.element, this.#left);
    write(this.#verdict, "Asking the server …");
    this.#filter.hidden = true;
  }

  overview(overview: Overview): void {
    this.#last = overview;
    this.element.classList.remove("unknown");
    this.#say(overview);
    write(this.#sum, busy(overview.models));
    this.#models(overview);
    this.#host.update(overview);
    this.#left.hidden = overview.elsewhere.length === 0;
    fill(this.#elsewhere, ...overview.elsewhere.map(({ name, what, why }) => make("tr", {}, make("td", {}, name), ...[what, why].map((text) => make("td", { class: "prose" }, text)))));
    if (this.#host.open && overview.at - this.#loaded >= HISTORY_EVERY_S) this.#load();
  }

  recolour(): void {
    this.#host.recolour();
  }

  close(): void {
    this.#last = null;
  }

  #say({ findings, at }: Overview): void {
    const first = foremost(findings);
    const { words, mood } = verdict(first);
    write(this.#verdict, words);
    attribute(this.#verdict, "data-mood", mood);
    this.#findings.update(first, at);
    this.#behind.hidden = first.length === findings.length;
    write(this.#behind, following(findings.length - first.length));
  }

  #models({ models, findings }: Overview): void {
    this.#filter.hidden = models.length < FILTER_FROM;
    const wanted = this.#filter.hidden ? "" : this.#filter.value.trim().toLowerCase();
    const shown = models.filter((card) => card.name.toLowerCase().includes(wanted));
    this.#none.hidden = shown.length > 0;
    write(this.#none, models.length ? "No model has that in its name." : "No model is registered. The management API's POST /models adds one.");
    this.#list.update(ranked(shown, findings));
  }

  #load(): void {
    this.#loaded = this.#last?.at ?? 0;
    this.#server.hostHistory("hour", 240).then(
      (history) => this.#host.history(history),
      (error: unknown) => {
        if (!(error instanceof Refused)) throw error; // the header tells that the server is away
      },
    );
  }
}

/** "8 models, 201 requests/s in the last minute."; no rate before the first step is over. */
function busy(cards: readonly Card[]): string {
  const known = cards.map((card) => card.rate).filter((one): one is number => one !== null);
  const requests = known.length ? `, ${figure(known.reduce((sum, one) => sum + one, 0))} requests/s in the last minute` : "";
  return `${count(cards.length, "model")}${requests}.`;
}

function following(number: number): string {
  return number === 1 ? "One more follows from these; it stands on its model's page." : `${number} more follow from these; they stand on their models' pages.`;
}

function left(body: HTMLElement): HTMLElement {
  const heads = ["Alert", "Looks at", "Why not here"].map((text) => make("th", { scope: "col" }, text));
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body);
  const box = make("div", { class: "sheet scroll", tabindex: 0, role: "group", "aria-label": "Left to Prometheus" }, table);
  return make("details", { class: "more" }, make("summary", {}, "What only Prometheus can judge"), box);
}
