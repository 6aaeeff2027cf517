import type { Appointment } from "@sidetone/protocol";
import { CrmError } from "../errors.ts";
import type { CrmOperations } from "../port.ts";
import type { EmbeddedShop } from "./connector.ts";
import { phoneDigits } from "./database.ts";
import { addDays } from "./retailer.ts";
import { SERVICES } from "./retailer-words.ts";
import { toAppointment } from "./rows.ts";

/** Opening hours by day of the week, Sunday first; [from, to) in minutes after midnight. */
const OPENING_MINUTES: readonly (readonly [number, number] | undefined)[] = [
  undefined,
  [540, 1_080],
  [540, 1_080],
  [540, 1_080],
  [540, 1_200],
  [540, 1_080],
  [600, 960],
];
const STEP_MINUTES = 30;
const DAYS_AHEAD = 21;
const MOST_SLOTS = 6;
const PARTS: Record<string, readonly [number, number]> = {
  morning: [0, 720],
  afternoon: [720, 1_020],
  evening: [1_020, 1_440],
};

const minutesOf = (startsAt: string): number => Number(startsAt.slice(11, 13)) * 60 + Number(startsAt.slice(14, 16));
const startOf = (date: string, minutes: number): string =>
  `${date}T${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}:00`;

/** The service an answer should name, and its length; what we do not know takes half an hour. */
function serviceOf(spoken: string | undefined): readonly [string, number] {
  const wanted = spoken?.trim().toLowerCase();
  if (!wanted) return SERVICES[0] as (typeof SERVICES)[number];
  return SERVICES.find(([name]) => name.includes(wanted) || wanted.includes(name)) ?? [wanted, STEP_MINUTES];
}

/** Appointments of the embedded shop: one person, half-hour grid, local times without a zone. */
export function calendarOperations(
  shop: EmbeddedShop,
): Pick<
  CrmOperations,
  "freeAppointments" | "findAppointments" | "bookAppointment" | "rescheduleAppointment" | "cancelAppointment"
> {
  const { sql } = shop.database;

  const bookedOn = (date: string, exceptId: string): (readonly [number, number])[] =>
    sql
      .prepare(
        "SELECT starts_at, duration_minutes FROM appointments WHERE status = 'booked' AND starts_at >= ? AND starts_at < ? AND id <> ?",
      )
      .all(date, addDays(date, 1), exceptId)
      .map((row) => {
        const from = minutesOf(String(row.starts_at));
        return [from, from + Number(row.duration_minutes)] as const;
      });

  const isFree = (date: string, from: number, duration: number, exceptId = ""): boolean => {
    const open = OPENING_MINUTES[new Date(`${date}T12:00:00Z`).getUTCDay()];
    if (!open || from < open[0] || from + duration > open[1]) return false;
    return bookedOn(date, exceptId).every(([start, end]) => from >= end || from + duration <= start);
  };

  const requireFree = (startsAt: string, duration: number, exceptId = ""): string => {
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(startsAt)) {
      throw new CrmError("CONNECTOR_REFUSED", `"${startsAt}" is not a local time such as 2026-11-23T10:30`);
    }
    const date = startsAt.slice(0, 10);
    const local = startOf(date, minutesOf(startsAt));
    if (!isFree(date, minutesOf(startsAt), duration, exceptId)) {
      throw new CrmError("CONNECTOR_REFUSED", `${local.replace("T", " ").slice(0, 16)} is taken or outside our hours`);
    }
    return local;
  };

  const existing = (id: string): Appointment => {
    const row = sql.prepare("SELECT * FROM appointments WHERE id = ?").get(id);
    if (!row) throw new CrmError("CONNECTOR_NOT_FOUND", `there is no appointment ${id}`);
    return toAppointment(row);
  };

  return {
    async freeAppointments({ service, on, partOfDay }) {
      const today = shop.database.freshen();
      const [name, duration] = serviceOf(service);
      const [earliest, latest] = PARTS[partOfDay?.toLowerCase() ?? ""] ?? [0, 1_440];
      const slots: { startsAt: string; service: string }[] = [];
      for (let day = 1; day <= DAYS_AHEAD && slots.length < MOST_SLOTS; day++) {
        const date = on ?? addDays(today, day);
        let perDay = 0;
        for (let from = earliest; from < latest && slots.length < MOST_SLOTS; from += STEP_MINUTES) {
          if (!isFree(date, from, duration)) continue;
          slots.push({ startsAt: startOf(date, from), service: name });
          // Three a day at most: a caller is offered days to choose from, not one morning's grid.
          if (on === undefined && ++perDay === 3) break;
        }
        if (on !== undefined) break;
      }
      return slots;
    },

    async findAppointments({ name, phone, id }) {
      const today = shop.database.freshen();
      const rows = sql
        .prepare("SELECT * FROM appointments WHERE status = 'booked' AND starts_at >= ? ORDER BY starts_at")
        .all(today)
        .map(toAppointment);
      return rows.filter(
        (a) =>
          (id !== undefined && a.id === id) ||
          (phone !== undefined && a.phone !== undefined && phoneDigits(a.phone) === phoneDigits(phone)) ||
          (name !== undefined && a.customerName.toLowerCase().includes(name.toLowerCase())),
      );
    },

    async bookAppointment(input, context) {
      return shop.once("bookAppointment", context, () => {
        const [service, duration] = serviceOf(input.service);
        const startsAt = requireFree(input.startsAt, duration);
        const count = sql.prepare("SELECT count(*) AS n FROM appointments").get() as { n: number };
        const id = `appt-${2000 + count.n}`;
        sql
          .prepare("INSERT INTO appointments VALUES (?, ?, ?, ?, ?, ?, 'booked')")
          .run(id, input.name, input.phone ?? null, service, startsAt, duration);
        return existing(id);
      });
    },

    async rescheduleAppointment({ id, startsAt }, context) {
      return shop.once("rescheduleAppointment", context, () => {
        const appointment = existing(id);
        if (appointment.status === "cancelled") throw new CrmError("CONNECTOR_REFUSED", `${id} was cancelled`);
        sql
          .prepare("UPDATE appointments SET starts_at = ? WHERE id = ?")
          .run(requireFree(startsAt, appointment.durationMinutes, id), id);
        return existing(id);
      });
    },

    async cancelAppointment({ id }, context) {
      return shop.once("cancelAppointment", context, () => {
        existing(id);
        sql.prepare("UPDATE appointments SET status = 'cancelled' WHERE id = ?").run(id);
        return { reference: id };
      });
    },
  };
}
