// Numbers as an engineer reads them at night: three figures, a unit, never "NaN". In, a number, or null for what was not
// measured; out, text. Called by every page.

export const NONE = "–";

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** Three figures at most: 1234 → 1,234; 12.345 → 12.3; 0.01234 → 0.0123. */
export function figure(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e6) return `${trim(value / 1e6)}M`;
  if (size >= 100) return Math.round(value).toLocaleString("en-US");
  if (size < 0.0005) return value.toExponential(0);
  return trim(value);
}

/** A rate, in the unit's plural: "12.3/s". */
export function rate(value: number | null | undefined): string {
  return value == null || !Number.isFinite(value) ? NONE : `${figure(value)}/s`;
}

/** Seconds with the unit that suits them: 0.0042 → "4.2 ms"; 75 → "1 min 15 s". */
export function seconds(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size === 0) return "0 s";
  if (size < 1e-3) return `${trim(value * 1e6)} µs`;
  if (size < 0.9995) return `${trim(value * 1e3)} ms`;
  if (size < 60) return `${trim(value)} s`;
  return span(value);
}

/** A span of whole seconds in its two largest units: 93784 → "1 d 2 h". */
export function span(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return NONE;
  let left = Math.max(0, Math.round(value));
  const parts: string[] = [];
  for (const [unit, size] of [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]] as const) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0 s";
}

/** A share as percent, with a floor that is no zero: 0.00001 → "<0.01 %". */
export function percent(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return NONE;
  const shown = value * 100;
  if (shown > 0 && shown < 0.01) return "<0.01 %";
  if (shown < 100 && shown > 99.99) return ">99.99 %";
  return `${trim(shown)} %`;
}

/** Bytes in binary units: 1536 → "1.5 KiB". */
export function bytes(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return NONE;
  let index = 0;
  let left = value;
  while (Math.abs(left) >= 1024 && index < SIZES.length - 1) {
    left /= 1024;
    index += 1;
  }
  return `${trim(left)} ${SIZES[index] ?? "B"}`;
}

/** "1 worker", "2 workers". */
export function count(value: number, noun: string, plural = `${noun}s`): string {
  return `${figure(value)} ${value === 1 ? noun : plural}`;
}

function trim(value: number): string {
  return String(Number(value.toPrecision(3)));
}
