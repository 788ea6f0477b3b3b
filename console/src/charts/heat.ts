// What of a heatmap is drawn, and how dark: in, the server's counts by time and bucket; out, the rows that have something in
// them, and a strength from 0 to 1 for each count. Called by `heatmap`.

import type { Heatmap } from "../api/past.ts";

/** Buckets `first` to `last`, both drawn. */
export interface Used {
  readonly first: number;
  readonly last: number;
}

/** The buckets that were ever hit, with one more on each side; null where none was. */
export function used({ counts, bounds }: Heatmap): Used | null {
  let first = Number.POSITIVE_INFINITY;
  let last = -1;
  for (const column of counts) {
    column?.forEach((count, bucket) => {
      if (count <= 0) return;
      first = Math.min(first, bucket);
      last = Math.max(last, bucket);
    });
  }
  if (last < 0) return null;
  return { first: Math.max(0, first - 1), last: Math.min(bounds.length, last + 1) };
}

/** Strength by the logarithm, so that one slow request among thousands is seen: 0 for none, from 0.15 for one to 1 for `most`. */
export function strength(count: number, most: number): number {
  if (count <= 0) return 0;
  if (most <= 1) return 1;
  return 0.15 + 0.85 * Math.min(1, Math.log(count) / Math.log(most));
}

/** The bounds of a bucket in seconds; null where it has none. */
export function span(bounds: readonly number[], bucket: number): readonly [number | null, number | null] {
  return [bucket > 0 ? (bounds[bucket - 1] ?? null) : null, bounds[bucket] ?? null];
}
