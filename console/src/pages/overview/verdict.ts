// The one sentence at the top: in, what is wrong; out, words for somebody who was woken up. Called by the overview's page.

import type { Finding } from "../../api/documents.ts";
import { gravity } from "../../parts/findings.ts";

export interface Verdict {
  readonly words: string;
  readonly mood: "good" | "warn" | "bad";
}

/** "One thing is wrong", and how grave the worst is. What is too new for an alert looks wrong, and is said where no alert is. */
export function verdict(findings: readonly Finding[]): Verdict {
  const grave = findings.map(gravity);
  const wrong = grave.filter((one) => one !== "pending").length;
  if (wrong > 0) return { words: `${things(wrong, "is", "are")} wrong`, mood: grave.includes("page") ? "bad" : "warn" };
  if (grave.length > 0) return { words: `${things(grave.length, "looks", "look")} wrong`, mood: "warn" };
  return { words: "Nothing is wrong", mood: "good" };
}

function things(count: number, one: string, several: string): string {
  return count === 1 ? `One thing ${one}` : `${count} things ${several}`;
}
