// The server's terms in words. In, a key of a document; out, what a reader sees. Keys that are not known are shown as they
// are, with spaces. Called by the pages.

export const STAGES = ["queue", "batch_wait", "dispatch", "preprocess", "inference", "postprocess", "handler", "respond"] as const;

const WORKER_STATES = ["busy", "ready", "starting", "pending", "waking", "stopping", "failed", "asleep"] as const;

const MODEL_STATES: Readonly<Record<string, readonly [string, Mood]>> = {
  waiting: ["waiting for its archive", "wait"],
  loading: ["loading", "wait"],
  ready: ["ready", "good"],
  waking: ["waking up", "wait"],
  asleep: ["asleep, wakes with the next request", "idle"],
  idle: ["no workers wanted", "idle"],
  failed: ["failed, tried again", "bad"],
  given_up: ["failed, not tried again", "bad"],
  missing: ["not registered", "bad"],
  unloading: ["being removed", "wait"],
};

export type Mood = "good" | "wait" | "idle" | "bad";

/** "batch_wait" → "batch wait". */
export function words(key: string): string {
  return key.replaceAll("_", " ");
}

export function modelState(state: string): readonly [string, Mood] {
  return MODEL_STATES[state] ?? [words(state), "wait"];
}

/** The stages of a document, in the order in which a request passes them. */
export function inOrder<Item>(stages: Readonly<Record<string, Item>>): (readonly [string, Item])[] {
  const rank = (name: string): number => {
    const at = STAGES.indexOf(name as (typeof STAGES)[number]);
    return at < 0 ? STAGES.length : at;
  };
  return Object.entries(stages).sort(([one], [other]) => rank(one) - rank(other));
}

/** The colour of a stage, the same wherever it is drawn: the handler's own are blue and green, waiting is warm. */
export function stageColour(name: string): string {
  return STAGE_COLOURS[name] ?? "--series-4";
}

const STAGE_COLOURS: Readonly<Record<string, string>> = {
  queue: "--series-2",
  batch_wait: "--series-5",
  dispatch: "--series-7",
  preprocess: "--series-6",
  inference: "--series-1",
  postprocess: "--series-4",
  handler: "--series-3",
  respond: "--series-8",
};

/** States with somebody in them, those at work first. */
export function peopled(states: Readonly<Record<string, number>>): (readonly [string, number])[] {
  const known = WORKER_STATES.filter((state) => (states[state] ?? 0) > 0).map((state) => [state, states[state] ?? 0] as const);
  const others = Object.entries(states).filter(([state, count]) => count > 0 && !WORKER_STATES.includes(state as never));
  return [...known, ...others];
}

/** "2 busy, 1 ready of 4 wanted". */
export function workersInWords(states: Readonly<Record<string, number>>, wanted: number | null): string {
  const there = peopled(states).map(([state, count]) => `${count} ${words(state)}`);
  const said = there.join(", ") || "none";
  const count = peopled(states).reduce((sum, [, one]) => sum + one, 0);
  return wanted === null || wanted === count ? said : `${said} of ${wanted} wanted`;
}
