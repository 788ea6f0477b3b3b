// The one sentence at the top: in, what is wrong; out, words for somebody who was woken up. Called by the overview's page.

import type { Finding } from "../../api/documents.ts";
import { gravity } from "../../parts/findings.ts";

export interface Verdict {
  readonly words: string;
  readonly mood: "good" | "warn" | "bad";
}

/** "One thing is wrong", and how grave the worst is. Those that are no alert yet do not count as wrong. */
export function verdict(findings: readonly Finding[]): Verdict {
  const grave = findings.map(gravity);
  const wrong = grave.filter((one) => one !== "pending").length;
  if (wrong > 0) return { words: `${things(wrong)} wrong`, mood: grave.includes("page") ? "bad" : "warn" };
  const brewing = grave.length;
  if (brewing > 0) return { words: `Nothing is wrong yet, ${things(brewing).toLowerCase()} odd`, mood: "warn" };
  return { words: "Nothing is wrong", mood: "good" };
}

function things(count: number): string {
  return count === 1 ? "One thing is" : `${count} things are`;
}
