// What this browser may do: in, the server's word and a token that someone types; out, the session's document, to all who
// asked to hear of it. The token goes to the server once, and is kept by neither this page nor the browser's storage: the
// server answers with a cookie that no script can read.

import type { Session } from "../api/documents.ts";
import { Refused, type Server } from "../api/server.ts";
import { make, write } from "../dom/make.ts";
import { ask } from "./dialog.ts";

const UNKNOWN: Session = { tokens: true, allowed: false, signed_in: false, why: "The server has not said yet." };

export class Access {
  readonly #server: Server;
  readonly #listeners = new Set<(session: Session) => void>();
  #session = UNKNOWN;

  constructor(server: Server) {
    this.#server = server;
  }

  get session(): Session {
    return this.#session;
  }

  /** Hear of the session now and whenever it changes; the function that comes back ends it. */
  listen(listener: (session: Session) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#session);
    return () => this.#listeners.delete(listener);
  }

  /** Ask the server; a server that is away leaves what was known. */
  async refresh(): Promise<void> {
    try {
      this.#set(await this.#server.session());
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  /** Whether changes are allowed, after a token was asked for where one is needed. */
  async allowed(): Promise<boolean> {
    await this.refresh();
    if (this.#session.allowed) return true;
    if (!this.#session.tokens) {
      await ask({ title: "Not from here", body: [make("p", {}, this.#session.why)], cancel: "Close" });
      return false;
    }
    return this.signIn();
  }

  async signIn(): Promise<boolean> {
    const field = make("input", { type: "password", autocomplete: "off", spellcheck: "false", required: true, id: "token" });
    const why = make("p", {}, this.#session.why);
    write(why, this.#session.why || "A management token is needed.");
    const body = [why, make("label", { for: "token" }, "Management token"), field];
    const done = await ask({ title: "Enter the management token", body, confirm: "Sign in", act: () => this.#offer(field) });
    return done;
  }

  async signOut(): Promise<void> {
    try {
      await this.#server.signOut();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
    await this.refresh();
  }

  async #offer(field: HTMLInputElement): Promise<string> {
    const token = field.value.trim();
    field.value = "";
    try {
      this.#set(await this.#server.signIn(token));
    } catch (error) {
      // The server says that a token is needed, which it also does where none was sent.
      if (error instanceof Refused && error.status === 400) throw new Error("The server does not know this token.");
      throw error;
    }
    return "";
  }

  #set(session: Session): void {
    this.#session = session;
    for (const listener of this.#listeners) listener(session);
  }
}
