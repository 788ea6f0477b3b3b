// A question to the reader: in, words, fields and what to do on yes; out, whether it was done. An error of it is shown in
// the dialog, which stays open for another try. Called by the session's and the model's actions.

import { make, write } from "../dom/make.ts";

export interface Question {
  readonly title: string;
  readonly body: readonly Node[];
  readonly confirm?: string;
  readonly cancel?: string;
  readonly danger?: boolean;
  /** Does it; words to show when it is done, or "" to close at once. What it throws is shown. */
  readonly act?: () => Promise<string>;
}

/** Ask; true once it was done, false where the reader chose not to. */
export function ask(question: Question): Promise<boolean> {
  const asked = new Asked(question);
  document.body.append(asked.dialog);
  asked.dialog.showModal();
  return new Promise((resolve) => {
    asked.dialog.addEventListener("close", () => {
      asked.dialog.remove();
      resolve(asked.done);
    });
  });
}

class Asked {
  readonly dialog: HTMLDialogElement;
  done = false;
  readonly #act: Question["act"];
  readonly #said = make("p", { class: "said", role: "alert" });
  readonly #no: HTMLButtonElement;
  readonly #yes: HTMLButtonElement;

  constructor({ title, body, confirm, cancel = "Cancel", danger, act }: Question) {
    this.#act = act;
    this.#no = make("button", { type: "button" }, cancel);
    this.#yes = make("button", { type: "submit", class: danger ? "danger" : "strong" }, confirm ?? "");
    const buttons = make("div", { class: "buttons" }, this.#no, confirm ? this.#yes : null);
    const form = make("form", { method: "dialog" }, make("h2", { id: "question" }, title), ...body, this.#said, buttons);
    this.dialog = make("dialog", { "aria-labelledby": "question" }, form);
    this.#no.addEventListener("click", () => this.dialog.close());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#go();
    });
  }

  async #go(): Promise<void> {
    if (this.done || !this.#act) return this.dialog.close();
    this.#yes.disabled = true;
    write(this.#said, "");
    try {
      this.#finish(await this.#act());
    } catch (error) {
      write(this.#said, error instanceof Error ? error.message : String(error));
    } finally {
      this.#yes.disabled = false;
    }
  }

  /** Show the words until the reader closes them. */
  #finish(words: string): void {
    this.done = true;
    if (!words) return this.dialog.close();
    write(this.#said, words);
    this.#said.classList.add("done");
    write(this.#yes, "Close");
    this.#no.remove();
    this.#yes.disabled = false;
    this.#yes.focus();
  }
}
