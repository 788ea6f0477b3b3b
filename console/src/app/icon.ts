// The tab's icon: its colour and shape say how the server does, for those who have many tabs. Called by the header.

const SHAPES = {
  good: `<circle cx="16" cy="16" r="12" fill="#0a8f6a"/>`,
  warn: `<path d="M16 3 30 28H2z" fill="#d08700"/>`,
  bad: `<path d="M4 4h24v24H4z" fill="#c9301c"/>`,
} as const;

let shown = "";

/** Show it; all of the picture is made here, nothing of it comes from outside. */
export function icon(state: keyof typeof SHAPES): void {
  if (state === shown) return;
  shown = state;
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${SHAPES[state]}</svg>`;
  const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  if (link) link.href = `data:image/svg+xml,${encodeURIComponent(picture)}`;
}
