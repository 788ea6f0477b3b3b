// How long to wait before the next attempt to reach the server: longer after each failure, within bounds, and not all
// pages at the same moment. In, the count of failures in a row and a random number; out, milliseconds. Called by the hub.

const FIRST_MS = 500;
const MOST_MS = 10_000;

/** Milliseconds before attempt number `failures` + 1; `random` is from 0 to 1 and spreads them over the upper half. */
export function backoffMs(failures: number, random: number): number {
  const whole = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures, 20));
  return Math.round(whole / 2 + (whole / 2) * random);
}
