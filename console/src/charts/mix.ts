// A colour between two: in, both as "#rrggbb" and how much of the second; out, one as canvases take it. Called by `heatmap`.

/** `share` from 0, the first, to 1, the second. */
export function mix(one: string, other: string, share: number): string {
  const [from, to] = [channels(one), channels(other)];
  const mixed = from.map((value, index) => Math.round(value + ((to[index] ?? 0) - value) * share));
  return `rgb(${mixed.join(" ")})`;
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}
