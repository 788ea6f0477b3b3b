// The palette for canvases: in, an element; out, what its CSS variables are now. Called by what draws on a canvas.

/** A function from a variable's name to its colour. */
export function ink(element: Element): (variable: string) => string {
  const style = getComputedStyle(element);
  return (variable) => style.getPropertyValue(variable).trim();
}

/** Call back whenever the system changes between light and dark. */
export function onTheme(changed: () => void): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}
