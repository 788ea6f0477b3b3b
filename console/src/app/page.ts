// What `main` asks of a page.

import type { Overview } from "../api/documents.ts";

export interface Page {
  readonly element: Element;
  /** New numbers, every few seconds. */
  overview(overview: Overview): void;
  /** The system changed between light and dark. */
  recolour(): void;
  /** Another page is shown from now on. */
  close(): void;
}
