// The part of `oidc-provider` that the tests use; the package has no types of its own.
declare module "oidc-provider" {
  import type { RequestListener } from "node:http";

  class Provider {
    constructor(
      issuer: string,
      configuration: {
        clients: { client_id: string; client_secret: string; redirect_uris: string[] }[];
        pkce: { required: () => boolean };
        claims: Record<string, string[]>;

        findAccount: (
          context: unknown,
          id: string,
        ) => { accountId: string; claims: () => Promise<{ sub: string } & Record<string, unknown>> };
        cookies: { keys: string[] };
      },
    );
    callback(): RequestListener;
  }

  // biome-ignore lint/style/noDefaultExport: it is what the package exports
  export { Provider as default };
}
