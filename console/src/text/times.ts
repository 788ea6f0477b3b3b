// Points in time as text, in the reader's own time zone. In, seconds since 1970; out, text. Called by every page.

/** "14:03:27". */
export function clock(at: number): string {
  return new Date(at * 1000).toLocaleTimeString("en-GB");
}

/** "14:03:27" today, "Nov 28, 14:03" before. */
export function moment(at: number, now: number): string {
  const day = new Date(at * 1000);
  if (day.toDateString() === new Date(now * 1000).toDateString()) return clock(at);
  const date = day.toLocaleDateString("en-US", { month: "short", day: "numeric" });
  return `${date}, ${day.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
}
