// The order of the cards, and which of them are marked: in, the models and what is wrong; out, those in trouble first, worst
// first, the others by name as they come. Called by the overview's page.

import type { Card, Finding } from "../../api/documents.ts";
import { gravity } from "../../parts/findings.ts";

export type Trouble = "page" | "ticket" | "pending" | null;

export interface Ranked {
  readonly card: Card;
  readonly trouble: Trouble;
}

const WORST_FIRST = ["page", "ticket", "pending"] as const;

export function ranked(cards: readonly Card[], findings: readonly Finding[]): Ranked[] {
  const all = cards.map((card) => ({ card, trouble: troubleOf(card, findings) }));
  return all.sort((one, other) => PLACES[one.trouble ?? "none"] - PLACES[other.trouble ?? "none"]);
}

// Those that are no alert yet stay where they are: cards that move about are hard to read.
const PLACES = { page: 0, ticket: 1, pending: 2, none: 2 } as const;

function troubleOf({ name, version }: Card, findings: readonly Finding[]): Trouble {
  const own = findings.filter((finding) => finding.model === name && (finding.version === null || finding.version === version));
  const grave = own.map(gravity);
  return WORST_FIRST.find((one) => grave.includes(one)) ?? null;
}
