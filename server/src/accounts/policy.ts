import type { RegistrationMode, ServerRole } from "@novax/protocol/entities";

/** Who must have a second factor: nobody, owners and admins, or everybody. */
export const factorPolicies = ["nobody", "privileged", "everyone"] as const;
export type FactorPolicy = (typeof factorPolicies)[number];

/** Who may sign in with a password. */
export const passwordPolicies = ["everyone", "owners"] as const;

/** What an owner has set for the whole server. */
export type Policy = {
  /** Null: as configured. */
  registration: RegistrationMode | null;
  factor: FactorPolicy;
  allowsErasure: boolean;
  /** Whether everybody may sign in with a password; otherwise owners alone. */
  allowsPasswords: boolean;
  /** After how many days messages are deleted, in every room; 0: never. */
  keepDays: number;
  /** The server's own name and sign; empty for the product's. */
  serverName: string;
  serverIcon: string;
};

export const serverNameCharsMax = 40;

/** Who may register: as set by an owner, otherwise as configured. */
export function registrationMode(policy: Policy, configured: RegistrationMode): RegistrationMode {
  return policy.registration ?? configured;
}

export function requiresFactor(
  policy: Policy,
  account: { serverRole: ServerRole; mustHaveFactor: boolean },
): boolean {
  if (account.mustHaveFactor || policy.factor === "everyone") return true;
  return policy.factor === "privileged" && (account.serverRole === "owner" || account.serverRole === "admin");
}
