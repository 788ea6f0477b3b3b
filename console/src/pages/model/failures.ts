// The last failures of a model: in, the server's list; out, one fold each, with its traceback as text. What this browser may
// not see, it says so, and offers to sign in. Called by the page.

import type { Failure, Failures } from "../../api/documents.ts";
import { Keyed, type Part } from "../../dom/keyed.ts";
import { make, write } from "../../dom/make.ts";
import { seconds } from "../../text/numbers.ts";
import { moment } from "../../text/times.ts";
import { Withheld } from "./withheld.ts";

export class FailureList {
  readonly element: HTMLElement;
  readonly #withheld: Withheld;
  readonly #empty = make("p", { class: "calm empty" }, "No request has failed.");
  readonly #items = make("ol", { class: "failures", tabindex: 0, "aria-label": "Failures, newest first" });
  readonly #list = new Keyed<Failure>(this.#items, key, () => new Row(() => this.#now));
  #now = 0;

  constructor(sign: () => void) {
    this.#withheld = new Withheld("Messages, request ids and tracebacks are hidden.", sign);
    this.element = make(
      "section",
      { class: "sheet list", "aria-label": "Last failures" },
      make("h3", {}, "Last failures"),
      this.#withheld.element,
      this.#empty,
      this.#items,
    );
  }

  update({ failures, withheld }: Failures, now: number): void {
    this.#now = now;
    this.#empty.hidden = failures.length > 0;
    this.#items.hidden = failures.length === 0;
    this.#withheld.update(failures.length ? withheld : "");
    this.#list.update(failures);
  }
}

class Row implements Part<Failure> {
  readonly #when = make("span", { class: "faint" });
  readonly #code = make("b", { class: "code" });
  readonly #what = make("span", { class: "what" });
  readonly #where = make("p", { class: "faint mono" });
  readonly #trace = make("pre", { tabindex: 0, "aria-label": "Traceback" });
  readonly element: HTMLElement;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
    const summary = make("summary", {}, this.#when, this.#code, this.#what);
    this.element = make("li", {}, make("details", {}, summary, this.#where, this.#trace));
  }

  update(failure: Failure): void {
    write(this.#when, moment(failure.at, this.#now()));
    write(this.#code, String(failure.code));
    write(this.#what, inShort(failure));
    write(this.#where, details(failure));
    write(this.#trace, failure.traceback ?? "");
    this.#trace.hidden = !failure.traceback;
  }
}

/** The message, and the last line of the traceback, which says more. */
export function inShort({ message, what, traceback }: Failure): string {
  const last = traceback?.trimEnd().split("\n").at(-1)?.trim() ?? "";
  return [message || what, last].filter(Boolean).join(" · ");
}

/** "after 10 ms · worker W-9000 · request id 4f… · predict". */
export function details({ duration_s, worker, request_id, route, type }: Failure): string {
  const parts = [
    duration_s === null ? "" : `after ${seconds(duration_s)}`,
    worker ? `worker ${worker}` : "no worker had it",
    request_id ? `request id ${request_id}` : "",
    type ?? "",
    route ?? "",
  ];
  return parts.filter(Boolean).join(" · ");
}

function key({ at, code, worker, request_id }: Failure): string {
  return JSON.stringify([at, code, worker, request_id]);
}
