import { refusalCodes } from "@novax/protocol/replies";
import { z } from "zod";
import { version } from "../lib/version.ts";
import { cookieName } from "./cookies.ts";
import { isReading, type Route, type RouteAnswer } from "./route.ts";

/** The routes as an OpenAPI 3.1 document, made from the same schemas that check requests. */
export function createOpenApi(
  routes: readonly Route[],
  { publicUrl, isSecure }: { publicUrl: URL; isSecure: boolean },
): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    if (route.isPage || route.isUndocumented) continue;
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describe(route, publicUrl.origin) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "novaX", version, license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: publicUrl.origin }],
    paths,
    components: {
      securitySchemes: { session: { type: "apiKey", in: "cookie", name: cookieName("session", isSecure) } },
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

function describe(route: Route, origin: string): Record<string, unknown> {
  const pathParameters = [...route.path.matchAll(/:(\w+)/g)].map((match) => ({
    name: match[1],
    in: "path",
    required: true,
    schema: { type: "string", minLength: 1 },
  }));
  const parameters = [
    ...pathParameters,
    ...(route.query ? queryParameters(route.query) : []),
    ...(isReading(route.method) || route.isFromAnywhere ? [] : [originParameter(origin)]),
    ...(route.headers ?? []).map((header) => ({ in: "header", ...header })),
  ];
  return {
    summary: route.summary,
    ...(route.access !== "public" ? { security: [{ session: [] }] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body ? { requestBody: { required: true, content: bodyContent(route) } } : {}),
    responses: {
      ...(route.answers
        ? Object.fromEntries(
            Object.entries(route.answers).map(([status, answer]) => [status, toAnswer(answer)]),
          )
        : {
            200: {
              description: "Success",
              ...(route.result
                ? { content: { "application/json": { schema: toSchema(route.result, "output") } } }
                : {}),
            },
          }),
      431: { description: "The address and the headers are longer than 16 kB together." },
      default: {
        description: "Refused",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}

/** Who may send it: without one, or from elsewhere, it is refused with `origin_refused`. */
function originParameter(origin: string): Record<string, unknown> {
  return {
    name: "Origin",
    in: "header",
    required: true,
    description: "PUBLIC_URL, or one of ALLOWED_ORIGINS.",
    schema: { type: "string", enum: [origin] },
  };
}

function toAnswer({ description, type, schema }: RouteAnswer): Record<string, unknown> {
  if (type === undefined) return { description };
  return { description, content: { [type]: schema ? { schema: toSchema(schema, "output") } : {} } };
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

/** Forms are for pages, and are answered with pages: programs send JSON. */
function bodyContent({ body, bodyType = "application/octet-stream" }: Route): Record<string, unknown> {
  if (body === "stream") return { [bodyType]: {} };
  return { "application/json": { schema: toSchema(body!, "input") } };
}

function toSchema(schema: z.ZodType, io: "input" | "output"): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    // A parameter that arrives as text and is meant as something else.
    override: ({ jsonSchema }) => {
      const { parameter } = jsonSchema as { parameter?: object };
      if (!parameter) return;
      for (const key of Object.keys(jsonSchema)) delete (jsonSchema as Record<string, unknown>)[key];
      Object.assign(jsonSchema, parameter);
    },
  });
  return rest;
}
