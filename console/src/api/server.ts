// Calls of the server's API: in, a path below console/api/; out, its document, or a Refused with the server's own words.
// Called by the pages. URLs are relative to the page's, so all of it works behind a path prefix. The token goes into one
// header of one request, and is kept nowhere here.

import type { Failures, Model, Session, Slowest } from "./documents.ts";
import type { Heatmap, History, HostHistory, Range } from "./past.ts";

const PATIENCE_MS = 15_000;

/** The server said no, or nothing: `status` is 0 where it could not be reached. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A model's version; the default one where `version` is null. */
export interface Which {
  readonly name: string;
  readonly version: string | null;
}

export type Change =
  | { readonly kind: "scale"; readonly min_worker?: number; readonly max_worker?: number; readonly autoscale?: string }
  | { readonly kind: "set-default" }
  | { readonly kind: "unregister" };

export class Server {
  readonly #base: URL;

  /** `page`: the page's own URL, /console or /a/prefix/console. */
  constructor(page: string) {
    this.#base = new URL("console/api/", page);
  }

  get events(): string {
    return new URL("events", this.#base).href;
  }

  hostHistory(range: Range, points: number): Promise<HostHistory> {
    return this.#get(`history?range=${range}&points=${points}`);
  }

  model(which: Which): Promise<Model> {
    return this.#get(modelPath(which, ""));
  }

  history(which: Which, range: Range, points: number): Promise<History> {
    return this.#get(modelPath(which, "history", { range, points: String(points) }));
  }

  heatmap(which: Which, range: Range, points: number): Promise<Heatmap> {
    return this.#get(modelPath(which, "heatmap", { range, points: String(points) }));
  }

  failures(which: Which): Promise<Failures> {
    return this.#get(modelPath(which, "failures"));
  }

  slowest(which: Which): Promise<Slowest> {
    return this.#get(modelPath(which, "slowest"));
  }

  session(): Promise<Session> {
    return this.#get("session");
  }

  signIn(token: string): Promise<Session> {
    return this.#ask("session", { method: "POST", headers: { ...JSON_HEADERS, Authorization: `Bearer ${token}` }, body: "{}" });
  }

  signOut(): Promise<unknown> {
    return this.#ask("session", { method: "DELETE" });
  }

  change(which: Which, change: Change): Promise<{ readonly status: string }> {
    const { kind, ...wanted } = change;
    const body = JSON.stringify(which.version === null ? wanted : { ...wanted, version: which.version });
    return this.#ask(`models/${encodeURIComponent(which.name)}/${kind}`, { method: "POST", headers: JSON_HEADERS, body });
  }

  #get<Document>(path: string): Promise<Document> {
    return this.#ask(path, { method: "GET" });
  }

  async #ask<Document>(path: string, request: RequestInit): Promise<Document> {
    const url = new URL(path, this.#base);
    let answer: Response;
    try {
      answer = await fetch(url, { ...request, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    } catch {
      throw new Refused(0, "The server does not answer.");
    }
    const document: unknown = await answer.json().catch(() => null);
    if (!answer.ok) throw new Refused(answer.status, message(document) ?? `The server answered ${answer.status}.`);
    if (document === null) throw new Refused(answer.status, "The server's answer is no JSON: is something between it and this page?");
    return document as Document;
  }
}

const JSON_HEADERS = { "Content-Type": "application/json" } as const;

/** The path of a model's document, its name and version encoded. */
export function modelPath(which: Which, part: string, query: Readonly<Record<string, string>> = {}): string {
  const asked = new URLSearchParams(query);
  if (which.version !== null) asked.set("version", which.version);
  const path = `models/${encodeURIComponent(which.name)}${part ? `/${part}` : ""}`;
  return asked.size ? `${path}?${asked}` : path;
}

function message(document: unknown): string | null {
  if (typeof document !== "object" || document === null || !("message" in document)) return null;
  return typeof document.message === "string" ? document.message : null;
}
