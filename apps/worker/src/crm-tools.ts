import type { CrmInput, CrmOperation, CrmOutput } from "@sidetone/crm";
import type { TaskKind } from "@sidetone/protocol";
import type { CrmRouter } from "./crm-router.ts";
import type { TaskContext, Tool, Tools } from "./tool.ts";

/** The tools that a CRM, shop or calendar does. */
export function crmTools(crm: CrmRouter): Tools {
  const read = <O extends CrmOperation>(operation: O, input: CrmInput<O>, { signal }: TaskContext) =>
    crm.call(operation, input, { signal });
  /** A write of one operation, repeatable as far as its connector knows idempotency keys. */
  const write = <K extends TaskKind, O extends CrmOperation>(
    operation: O,
    toInput: (input: Parameters<Tool<K>["run"]>[0]) => CrmInput<O>,
    toOutput: (output: CrmOutput<O>) => Awaited<ReturnType<Tool<K>["run"]>>,
  ): Tool<K> => ({
    repeatable: () => crm.for(operation).isRepeatable(operation),
    run: async (input, { signal, task, repeated }) =>
      toOutput(await crm.call(operation, toInput(input), { signal, idempotencyKey: task.idempotencyKey, repeated })),
  });

  return {
    "find-customer": {
      run: async (input, context) => {
        const customers = await read("findCustomers", input, context);
        return customers.length > 0 ? { customers } : undefined;
      },
    },
    "order-status": {
      run: async (input, context) => {
        const order = await read("getOrder", input, context);
        return order && { order };
      },
    },
    "list-orders": {
      run: async (input, context) => {
        const orders = await read("listOrders", input, context);
        return orders.length > 0 ? { orders } : undefined;
      },
    },
    "delivery-status": {
      run: async (input, context) => {
        const [order, shipments] = await Promise.all([
          read("getOrder", input, context),
          crm.for("listShipments").can("listShipments") ? read("listShipments", input, context) : [],
        ]);
        return order && { order, shipments };
      },
    },
    invoice: {
      run: async (input, context) => {
        const invoice = await read("getInvoice", input, context);
        return invoice && { invoice };
      },
    },
    "loyalty-balance": {
      run: async ({ customerId: _unused, ...input }, context) => {
        // Without anything to go by, the number that calls is the customer's.
        const query = input.phone || input.email ? input : { phone: context.task.call.from };
        const [customer] = await read("findCustomers", query, context);
        if (customer?.loyaltyPoints === undefined) return undefined;
        return { points: customer.loyaltyPoints, tier: customer.loyaltyTier ?? "" };
      },
    },
    "request-return": write(
      "requestReturn",
      (input) => input,
      (answer) => answer,
    ),
    "request-refund": write(
      "requestRefund",
      (input) => input,
      (answer) => answer,
    ),
    "cancel-order": write(
      "cancelOrder",
      (input) => input,
      (answer) => answer,
    ),
    "change-address": write(
      "changeAddress",
      (input) => input,
      (answer) => answer,
    ),
    "create-case": write(
      "createCase",
      (input) => input,
      (created) => ({ case: created }),
    ),
    "add-note": write(
      "addNote",
      (input) => input,
      (answer) => answer,
    ),
    "free-appointments": {
      run: async (input, context) => {
        const slots = await read("freeAppointments", input, context);
        return slots.length > 0 ? { slots } : undefined;
      },
    },
    "find-appointment": {
      run: async (input, context) => {
        const appointments = await read("findAppointments", input, context);
        return appointments.length > 0 ? { appointments } : undefined;
      },
    },
    "book-appointment": write(
      "bookAppointment",
      (input) => input,
      (appointment) => ({ appointment }),
    ),
    "reschedule-appointment": write(
      "rescheduleAppointment",
      (input) => input,
      (appointment) => ({ appointment }),
    ),
    "cancel-appointment": write(
      "cancelAppointment",
      (input) => input,
      (answer) => answer,
    ),
  };
}
