// What pages and the hub say to each other, over a port or by a plain call.

import type { Overview } from "../api/documents.ts";

/** From a page. A page that is shown beats again and again; one that falls silent is taken for closed. */
export type Said =
  | { readonly kind: "shown"; readonly events: string }
  | { readonly kind: "hidden" }
  | { readonly kind: "retry" };

/** live: numbers come. full: as many pages as the server bears have streams, so this one asks every half minute.
 *  away: no answer, and another attempt is under way or comes at `next` (milliseconds since 1970). */
export type Told =
  | { readonly kind: "overview"; readonly overview: Overview }
  | { readonly kind: "state"; readonly state: State; readonly why: string; readonly next: number | null };

export type State = "connecting" | "live" | "full" | "away";
