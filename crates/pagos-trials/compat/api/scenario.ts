// What a program in TypeScript does with the API, over types that were generated from its document: the
// scenario of `check.py`. It must pass the compiler before it is run.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

type Order = components["schemas"]["PayoutRequest"];

function order(amount = "150000"): Order {
  return {
    key: "june-1", account: "cashypro", amount, currency: "COP", description: "salary",
    beneficiary: {
      name: "Ana Castillo", account_type: "savings", account_number: "0012345678", bank: "20",
      document: { type: "cc", number: "1032456789" },
      phone: "3001234567", email: "ana@example.com",
    },
  };
}

function expect(isSo: boolean, told: unknown): void {
  if (!isSo) throw new Error(JSON.stringify(told));
}

/** The checks, by name, in their order. */
export function checks(baseUrl: string, token: string): Record<string, () => Promise<void>> {
  const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
  return {
    async submits() {
      const { data, response } = await client.POST("/v1/payouts", { body: order() });
      expect(response.status === 201, response.status);
      expect(data?.amount === "150000.00" && data.amount_minor === 15_000_000, data);
    },
    async repeats() {
      const { data, response } = await client.POST("/v1/payouts", { body: order() });
      expect([200, 202].includes(response.status) && data?.key === "june-1", data);
    },
    async conflicts() {
      const { error, response } = await client.POST("/v1/payouts", { body: order("150001") });
      expect(response.status === 409, response.status);
      expect(error?.type === "urn:pagos:problem:key-conflict", error);
    },
    async lists() {
      const query = { account: "cashypro" };
      const { data } = await client.GET("/v1/payouts", { params: { query } });
      expect(data?.payouts.map((payout) => payout.key).join() === "june-1", data);
    },
    async "tells the history"() {
      const path = { key: "june-1" };
      const { data } = await client.GET("/v1/payouts/{key}/history", { params: { path } });
      expect(data?.key === "june-1", data);
    },
  };
}
