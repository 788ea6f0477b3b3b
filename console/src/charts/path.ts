// A sparkline's geometry: in, values and a size; out, the `d` of an SVG path, with a gap wherever nothing was measured.
// Called by `sparkline`.

/** The line through `values`, from the left edge to the right, 0 at the bottom and `most` at the top. */
export function path(values: readonly (number | null)[], most: number, width: number, height: number): string {
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const scale = most > 0 ? (height - 2) / most : 0;
  let drawn = "";
  let pen = false;
  values.forEach((value, index) => {
    if (value === null) {
      pen = false;
      return;
    }
    const x = round(index * step);
    const y = round(height - 1 - Math.min(value, most) * scale);
    // A point between two gaps would be invisible, so each piece begins with a line of no length.
    drawn += pen ? `L${x} ${y}` : `M${x} ${y}h0.01`;
    pen = true;
  });
  return drawn;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
