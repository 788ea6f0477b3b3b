// What a chart is given: one row of times, and lines over it. Made by the pages from the server's history; drawn by
// `time_chart`, `sparkline` and `table`.

/** Numbers over time; null where nothing was measured. */
export interface Line {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** CSS variable of its colour: "--series-1". */
  readonly colour: string;
}

export interface Chart {
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
}

export const COLOURS = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => `--series-${number}`);

/** The colour of line number `index`; they begin again after eight. */
export function colour(index: number): string {
  return COLOURS[index % COLOURS.length] ?? "--series-1";
}

/** The last value that was measured; null where none was. */
export function last(values: readonly (number | null)[]): number | null {
  for (let index = values.length - 1; index >= 0; index -= 1) {
    const value = values[index];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}

/** The largest value; 0 where nothing was measured. */
export function largest(lines: readonly Line[]): number {
  let most = 0;
  for (const line of lines) for (const value of line.values) if (value !== null && value > most) most = value;
  return most;
}

/** Lines laid upon each other: each the sum of itself and those before it; null only where all of them are. */
export function stacked(lines: readonly Line[]): Line[] {
  let below: readonly (number | null)[] | null = null;
  return lines.map((line) => {
    const under: readonly (number | null)[] | null = below;
    const values = line.values.map((value, index) => {
      const base = under?.[index] ?? null;
      return value === null ? base : value + (base ?? 0);
    });
    below = values;
    return { ...line, values };
  });
}

/** The places of values with a gap on either side: no line goes through them, so they are drawn as points. */
export function alone(values: ArrayLike<number | null | undefined>): number[] {
  return Array.from(values, (_value, index) => index).filter((index) => values[index] != null && values[index - 1] == null && values[index + 1] == null);
}
