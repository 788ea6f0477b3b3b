// What a change will do, said before it is done: in, the model as it is and the change; out, sentences. Called by the model's
// actions.

import type { Model } from "../api/documents.ts";
import { bytes, count, figure, rate } from "./numbers.ts";
import { peopled } from "./words.ts";

/** Scaling to between `least` and `most` workers; `autoscale` is the mode that is asked for, null if it stays. */
export function ofScaling(model: Model, least: number, most: number, autoscale: string | null): string[] {
  const mode = autoscale ?? model.autoscaler?.mode ?? "off";
  const now = people(model);
  const said = [`${name(model)} has ${count(now, "worker")} now.`];
  if (mode === "act") said.push(`The autoscaler decides how many run, from ${figure(least)} to ${figure(most)}.`);
  const then = mode === "act" ? Math.max(least, Math.min(most, now)) : least;
  if (then > now) said.push(`${count(then - now, "more worker")} will be started, and each loads the model${memory(model, then - now)}.`);
  else if (then < now) said.push(`${count(now - then, "worker")} will end, each after the batch that it has in hand.`);
  else said.push("No worker is started or ended by this.");
  if (then === 0) said.push("With no worker left, its requests are refused with 503 until it is scaled up again.");
  if (autoscale !== null && autoscale !== (model.autoscaler?.mode ?? "off")) said.push(MODES[autoscale] ?? "");
  return said.filter(Boolean);
}

/** Making it the version that is used where a request names none. */
export function ofDefault(model: Model): string[] {
  const before = model.versions.find((one) => one.default)?.version;
  const instead = before === undefined ? "" : ` instead of ${before}`;
  return [
    `Requests for ${model.name} that name no version will go to ${model.version}${instead}, from the next one on.`,
    "Requests under way are finished by the version that has them. No worker is started or ended.",
  ];
}

/** Unregistering it. */
export function ofUnregistering(model: Model): string[] {
  const said = [`${name(model)} will be removed, and ${endOf(people(model))}.`];
  if ((model.rate ?? 0) > 0) said.push(`It is in use: ${rate(model.rate)} in the last minute, ${count(model.in_flight ?? 0, "request")} waiting or with a worker.`);
  else said.push("It had no requests in the last minute.");
  said.push("Later requests for it get 404. Its archive stays where it is, so it can be registered again.");
  return said;
}

const MODES: Readonly<Record<string, string>> = {
  act: "The autoscaler will start and end workers by itself.",
  advise: "The autoscaler will say what it would do, and do nothing.",
  off: "The autoscaler will leave this model alone.",
};

function endOf(workers: number): string {
  if (workers === 0) return "it has no workers to end";
  return workers === 1 ? "its worker ends" : `its ${workers} workers end`;
}

function memory(model: Model, more: number): string {
  const sizes = model.worker_list.map((worker) => worker.memory_bytes).filter((size): size is number => size !== null);
  if (!sizes.length) return "";
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  return `; the ones there have ${bytes(mean)} of memory each, so about ${bytes(mean * more)} more`;
}

/** Workers that are there or on their way: not those that end or have ended. */
function people(model: Model): number {
  return peopled(model.workers.states).reduce((sum, [state, one]) => (GONE.has(state) ? sum : sum + one), 0);
}

const GONE = new Set(["stopping", "failed", "asleep"]);

function name({ name: model, version }: Model): string {
  return `${model} ${version}`;
}
