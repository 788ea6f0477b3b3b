// What can be changed on a model's page: in, the model as it is and what the reader wants; out, one call of the management
// API's, after the reader was told what it will do. Called by the page.

import type { Model } from "../../api/documents.ts";
import type { Change, Server, Which } from "../../api/server.ts";
import type { Access } from "../../app/access.ts";
import { ask } from "../../app/dialog.ts";
import { fill, make } from "../../dom/make.ts";
import { ofDefault, ofScaling, ofUnregistering } from "../../text/consequence.ts";

const MOST_WORKERS = 10_000;

export class Actions {
  readonly element: HTMLElement;
  readonly #default = make("button", { type: "button" }, "Make default …");
  readonly #unregister = make("button", { type: "button" }, "Unregister …");
  readonly #server: Server;
  readonly #access: Access;
  readonly #changed: (gone: boolean) => void;
  #model: Model | null = null;

  /** `changed` is called as soon as the server has answered; `gone` where the model is no more. */
  constructor(server: Server, access: Access, changed: (gone: boolean) => void) {
    this.#server = server;
    this.#access = access;
    this.#changed = changed;
    const scale = make("button", { type: "button" }, "Scale …");
    this.element = make("div", { class: "actions", hidden: true }, scale, this.#default, this.#unregister);
    scale.addEventListener("click", () => void this.#after((model) => this.#scale(model)));
    this.#default.addEventListener("click", () => void this.#after((model) => this.#makeDefault(model)));
    this.#unregister.addEventListener("click", () => void this.#after((model) => this.#remove(model)));
  }

  update(model: Model): void {
    this.#model = model;
    this.element.hidden = false;
    this.#default.hidden = model.default;
    this.#unregister.hidden = this.#access.session.model_api === false;
  }

  async #after(action: (model: Model) => Promise<boolean>): Promise<void> {
    if (!(await this.#access.allowed())) return;
    if (this.#model) await action(this.#model);
  }

  #scale(model: Model): Promise<boolean> {
    const least = number("least", model.workers.min ?? 1);
    const most = number("most", model.workers.max ?? model.workers.min ?? 1);
    const mode = make("select", { id: "mode" }, ...MODES.map(([value, text]) => make("option", { value }, text)));
    const told = make("ul", { class: "consequence", "aria-live": "polite" });
    const values = (): [number, number, string | null] => [least.valueAsNumber || 0, most.valueAsNumber || 0, mode.value || null];
    const tell = (): void => fill(told, ...ofScaling(model, ...values()).map((text) => make("li", {}, text)));
    least.addEventListener("input", () => {
      if (most.valueAsNumber < least.valueAsNumber) most.value = least.value;
      tell();
    });
    most.addEventListener("input", tell);
    mode.addEventListener("change", tell);
    tell();
    const pairs = [field("Workers, at least", least), field("Workers, at most", most), field("Autoscaler", mode)];
    const body = [make("div", { class: "fields" }, ...pairs), told];
    return this.#ask(`Scale ${model.name} ${model.version}`, body, "Scale", model, () => {
      const [low, high, autoscale] = values();
      return { kind: "scale", min_worker: low, max_worker: high, ...(autoscale === null ? {} : { autoscale }) };
    });
  }

  #makeDefault(model: Model): Promise<boolean> {
    const title = `Make ${model.version} the default of ${model.name}`;
    return this.#ask(title, sentences(ofDefault(model)), "Make default", model, () => ({ kind: "set-default" }));
  }

  #remove(model: Model): Promise<boolean> {
    const title = `Unregister ${model.name} ${model.version}`;
    return this.#ask(title, sentences(ofUnregistering(model)), "Unregister", model, () => ({ kind: "unregister" }), true);
  }

  async #ask(title: string, body: Node[], confirm: string, model: Which, change: () => Change, gone = false): Promise<boolean> {
    const which = { name: model.name, version: model.version };
    const act = async (): Promise<string> => {
      const { status } = await this.#server.change(which, change());
      this.#changed(gone);
      return status;
    };
    const done = await ask({ title, body, confirm, danger: gone, act });
    if (done && gone) location.assign("#/");
    return done;
  }
}

const MODES = [
  ["", "as it is"],
  ["off", "off"],
  ["advise", "advise: say what it would do"],
  ["act", "act: start and end workers"],
] as const;

function number(id: string, value: number): HTMLInputElement {
  return make("input", { type: "number", id, min: 0, max: MOST_WORKERS, step: 1, required: true, value });
}

function field(label: string, input: HTMLInputElement | HTMLSelectElement): HTMLElement {
  return make("div", { class: "field" }, make("label", { for: input.id }, label), input);
}

function sentences(texts: readonly string[]): Node[] {
  return [make("ul", { class: "consequence" }, ...texts.map((text) => make("li", {}, text)))];
}
