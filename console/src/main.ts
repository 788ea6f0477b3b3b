// The console's pages begin here: in, the URL's hash and what the hub tells; out, one page at a time, the overview or a
// model's. Loaded by index.html.

import { Access } from "./app/access.ts";
import { Header } from "./app/header.ts";
import type { Page } from "./app/page.ts";
import { type Route, route } from "./app/route.ts";
import type { Overview } from "./api/documents.ts";
import { Server } from "./api/server.ts";
import { onTheme } from "./charts/ink.ts";
import { fill, make } from "./dom/make.ts";
import { connect } from "./live/connect.ts";
import type { Told } from "./live/messages.ts";
import { ModelPage } from "./pages/model/page.ts";
import { OverviewPage } from "./pages/overview/page.ts";

declare const WORKER_FILE: string;

class Console {
  readonly #server = new Server(document.baseURI);
  readonly #access = new Access(this.#server);
  readonly #main: HTMLElement;
  readonly #header: Header;
  #retry: () => void = () => undefined;
  #page: Page | null = null;
  #last: Overview | null = null;

  constructor(main: HTMLElement, top: HTMLElement) {
    this.#main = main;
    this.#header = new Header(top, { retry: () => this.#retry(), sign: () => void this.#sign() });
  }

  start(): void {
    this.#access.listen(({ tokens, signed_in }) => this.#header.sign(signed_in ? "Sign out" : tokens ? "Sign in" : null));
    void this.#access.refresh();
    addEventListener("hashchange", () => this.#open(true));
    // The hash names the page, so the way past the header must leave it alone.
    document.querySelector(".skip")?.addEventListener("click", (event) => {
      event.preventDefault();
      this.#main.focus();
    });
    onTheme(() => this.#page?.recolour());
    this.#open(false);
    const worker = new URL(`console/${WORKER_FILE}`, document.baseURI);
    this.#retry = connect(worker, this.#server.events, (told) => this.#hear(told));
  }

  #hear(told: Told): void {
    if (told.kind === "state") return this.#header.state(told.state, told.why, told.next);
    this.#last = told.overview;
    this.#header.overview(told.overview);
    this.#page?.overview(told.overview);
  }

  /** `moved`: the reader followed a link, so the focus goes to the new page. */
  #open(moved: boolean): void {
    this.#page?.close();
    this.#page = this.#made(route(location.hash));
    fill(this.#main, this.#page.element);
    if (this.#last) this.#page.overview(this.#last);
    if (!moved) return;
    scrollTo(0, 0);
    this.#main.focus({ preventScroll: true });
  }

  #made(to: Route): Page {
    if (to.page === "overview") return new OverviewPage(this.#server);
    return new ModelPage(this.#server, this.#access, { name: to.name, version: to.version });
  }

  #sign(): Promise<unknown> {
    return this.#access.session.signed_in ? this.#access.signOut() : this.#access.signIn();
  }
}

function begin(): void {
  const main = document.getElementById("main");
  const top = document.getElementById("top");
  if (!main || !top) return;
  if (typeof EventSource === "undefined") {
    const words = "This browser has no EventSource, by which the numbers come. Any browser of the last ten years has it.";
    const other = "The same numbers stand in plain text at /metrics, and in a terminal by `servescope top`.";
    fill(main, make("h1", {}, "This browser cannot show the console"), make("p", {}, words), make("p", {}, other));
    return;
  }
  new Console(main, top).start();
}

begin();
