// Moments as a form shows them and as JSON holds them.

/** `2026-01-31T09:00` of this browser's clock as ISO text with its offset, and back. */
export function toIso(local: string): string {
  const offset = -new Date(local).getTimezoneOffset();
  const two = (count: number) => String(Math.floor(Math.abs(count))).padStart(2, "0");
  return `${local.length === 16 ? `${local}:00` : local}${offset < 0 ? "-" : "+"}${two(offset / 60)}:${two(offset % 60)}`;
}

export function toLocal(iso: string): string {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return "";
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
