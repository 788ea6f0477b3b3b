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
  const { title, body, confirm, cancel = "Cancel", act } = question;
  const said = make("p", { class: "said", role: "alert" });
  const no = make("button", { type: "button" }, cancel);
  const yes = make("button", { type: "submit", class: question.danger ? "danger" : "strong" }, confirm ?? "");
  const buttons = make("div", { class: "buttons" }, no, confirm ? yes : null);
  const form = make("form", { method: "dialog" }, make("h2", { id: "question" }, title), ...body, said, buttons);
  const dialog = make("dialog", { "aria-labelledby": "question" }, form);
  let done = false;
  no.addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (done || !act) return dialog.close();
    yes.disabled = true;
    write(said, "");
    act().then(
      (words) => {
        done = true;
        yes.disabled = false;
        if (!words) return dialog.close();
        write(said, words);
        said.classList.add("done");
        write(yes, "Close");
        no.remove();
        yes.focus();
      },
      (error: unknown) => {
        yes.disabled = false;
        write(said, error instanceof Error ? error.message : String(error));
      },
    );
  });
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(done);
    });
  });
}
