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

/** How the marks of an axis read: hours and minutes, and seconds where the marks are closer than a minute. */
export function ticks(marks: readonly number[]): (at: number) => string {
  const close = marks.length > 1 && (marks[1] ?? 0) - (marks[0] ?? 0) < 60;
  return (at) => (close ? clock(at) : clock(at).slice(0, 5));
}
