import acme from "acme-client";
import type { AcmeConfig } from "../config/read-config.ts";
import type { Certificate } from "./certificate.ts";

/** Of each request. */
acme.axios.defaults.timeout = 30_000;

/** Where the answers to the authority's questions are served from: `/.well-known/acme-challenge/` on port 80. */
export type ChallengeAnswers = {
  set(token: string, answer: string): Promise<void>;
  remove(token: string): Promise<void>;
};

/**
 * Orders a certificate for a host (RFC 8555, with http-01: the authority asks http://HOST/.well-known/acme-challenge/TOKEN). Bun
 * can't speak the protocol of tls-alpn-01 beside its own. Throws with the authority's words if it refuses.
 */
export async function orderCertificate(
  { directoryUrl, email }: AcmeConfig,
  { host, accountKey, answers }: { host: string; accountKey: string; answers: ChallengeAnswers },
): Promise<Certificate> {
  const client = new acme.Client({ directoryUrl, accountKey });
  const contact = email === null ? {} : { contact: [`mailto:${email}`] };
  await client.createAccount({ termsOfServiceAgreed: true, ...contact }).catch((error: unknown) => {
    // The client changes an account that it finds, which an authority refuses if there is nothing to change.
    if (!hasAccount(client)) throw error;
  });
  const key = await acme.crypto.createPrivateEcdsaKey();
  const [, csr] = await acme.crypto.createCsr({ altNames: [host] }, key);
  const cert = await client.auto({
    csr,
    termsOfServiceAgreed: true,
    challengePriority: ["http-01"],
    // Asking ourselves proves nothing: what counts is what the authority sees.
    skipChallengeVerification: true,
    challengeCreateFn: (_authorization, challenge, answer) => answers.set(challenge.token, answer),
    challengeRemoveFn: (_authorization, challenge) => answers.remove(challenge.token),
  });
  return { cert, key: key.toString() };
}

function hasAccount(client: acme.Client): boolean {
  try {
    return client.getAccountUrl() !== "";
  } catch {
    return false;
  }
}

/** A new key for an account at the authority, as PEM. */
export async function createAccountKey(): Promise<string> {
  return (await acme.crypto.createPrivateEcdsaKey()).toString();
}
