// What a model has promised, and how much it may still fail: in, its objectives; out, a bar each, of what is left of the
// error budget. Called by the cards.

import type { Objective } from "../api/documents.ts";
import { Keyed } from "../dom/keyed.ts";
import { make } from "../dom/make.ts";
import { figure, percent, seconds } from "../text/numbers.ts";
import { words } from "../text/words.ts";
import { Meter } from "./meter.ts";

const LOW = 0.25;

export class Objectives {
  readonly element = make("div", { class: "objectives" });
  readonly #list = new Keyed<Objective>(this.element, key, () => {
    const meter = new Meter();
    return { element: meter.element, update: (one) => meter.update(promise(one), one.budget_left, left(one), mood(one)) };
  });

  update(objectives: readonly Objective[]): void {
    this.element.hidden = objectives.length === 0;
    this.#list.update(objectives);
  }
}

/** "latency: 99 % under 200 ms". */
export function promise({ slo, target, threshold_s }: Objective): string {
  const bound = threshold_s === null ? "" : ` under ${seconds(threshold_s)}`;
  return `${words(slo)}: ${target === null ? "" : exact(target)}${bound}`;
}

/** What is left of this hour's budget: "85.7 % left", or by how much it is overspent. */
export function left({ budget_left: budget }: Objective): string {
  if (budget === null) return "no requests this hour";
  if (budget < 0) return `spent ${figure(1 - budget)} times over`;
  return `${percent(budget)} left`;
}

function mood({ budget_left: budget }: Objective): "plain" | "warn" | "bad" {
  if (budget === null || budget > LOW) return "plain";
  return budget <= 0 ? "bad" : "warn";
}

/** A target with all its nines: 0.9995 → "99.95 %". */
function exact(target: number): string {
  return `${Number((target * 100).toFixed(6))} %`;
}

function key({ slo, threshold_s }: Objective): string {
  return `${slo} ${threshold_s}`;
}
