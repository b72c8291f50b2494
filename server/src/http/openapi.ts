import { refusalCodes } from "@novax/protocol/replies";
import { z } from "zod";
import type { Route } from "./route.ts";

/** The routes as an OpenAPI 3.1 document, made from the same schemas that check requests. */
export function createOpenApi(routes: readonly Route[], publicUrl: URL): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    if (route.isPage || route.isUndocumented) continue;
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describe(route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "novaX", version: "0.1.0", license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: publicUrl.origin }],
    paths,
    components: {
      securitySchemes: { session: { type: "apiKey", in: "cookie", name: "novax_session" } },
      schemas: { Problem: problemSchema },
    },
  };
}

const problemSchema = {
  type: "object",
  required: ["type", "title", "status", "detail", "code"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string", description: "What went wrong, for people." },
    code: {
      type: "string",
      enum: refusalCodes,
      description: "What went wrong, for programs. Never changes.",
    },
    field: { type: "string", description: "The input it's about." },
  },
};

function describe(route: Route): Record<string, unknown> {
  const pathParameters = [...route.path.matchAll(/:(\w+)/g)].map((match) => ({
    name: match[1],
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const parameters = [...pathParameters, ...(route.query ? queryParameters(route.query) : [])];
  return {
    summary: route.summary,
    ...(route.access !== "public" ? { security: [{ session: [] }] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body ? { requestBody: { required: true, content: bodyContent(route.body) } } : {}),
    responses: {
      200: {
        description: "Success",
        ...(route.result
          ? { content: { "application/json": { schema: toSchema(route.result, "output") } } }
          : {}),
      },
      default: {
        description: "Refused",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}

function queryParameters(query: z.ZodType): Record<string, unknown>[] {
  const schema = toSchema(query, "input") as { properties?: Record<string, unknown>; required?: string[] };
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    in: "query",
    required: schema.required?.includes(name) ?? false,
    schema: property,
  }));
}

function bodyContent(body: z.ZodType | "stream"): Record<string, unknown> {
  if (body === "stream") return { "application/octet-stream": {} };
  const schema = toSchema(body, "input");
  return { "application/json": { schema }, "application/x-www-form-urlencoded": { schema } };
}

function toSchema(schema: z.ZodType, io: "input" | "output"): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}
