/** `m:ss` or `h:mm:ss` of milliseconds. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = `${String(m).padStart(h > 0 ? 2 : 1, "0")}:${String(s).padStart(2, "0")}`;
  return h > 0 ? `${h}:${tail}` : tail;
}

/** `m:ss.t`, for moments. */
export const moment = (ms: number): string => `${clock(ms)}.${Math.floor((Math.max(0, ms) % 1000) / 100)}`;

/** `430 ms`, `1.2 s`. */
export const span = (ms: number | null | undefined): string =>
  ms == null ? "–" : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;

const dayTime = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
export const when = (iso: string | null): string => (iso ? dayTime.format(new Date(iso)) : "–");
export const whenExactly = (iso: string): string => fullTime.format(new Date(iso));

/** Words of an identifier: `order-status` reads `Order status`. */
export const words = (id: string): string => {
  const text = id.replaceAll(/[-_]/g, " ").trim();
  return text ? text[0]?.toUpperCase() + text.slice(1) : "";
};

/** Words of a name in camel case: `cancelOrder` reads `Cancel order`. */
export const spacedWords = (name: string): string => words(name.replaceAll(/([A-Z])/g, "-$1").toLowerCase());

const e164 = /^\+(1|44|49|33|61|[2-9]\d)(\d+)$/;
/** Groups a telephone number so that it can be read out. */
export const phoneNumber = (number: string): string => {
  if (number.startsWith("browser:")) return number.slice(8);
  const match = e164.exec(number);
  if (!match) return number;
  return `+${match[1]} ${(match[2] ?? "").replaceAll(/(\d{3})(?=\d{3})/g, "$1 ")}`;
};
