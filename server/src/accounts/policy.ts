import type { RegistrationMode, ServerRole } from "@novax/protocol/entities";

/** Who must have a second factor: nobody, owners and admins, everybody. */
export const factorPolicies = ["nobody", "privileged", "everyone"] as const;
export type FactorPolicy = (typeof factorPolicies)[number];

/** What the owner decided for the installation. */
export type Policy = {
  /** Null: what the configuration says. */
  registration: RegistrationMode | null;
  factor: FactorPolicy;
  allowsErasure: boolean;
};

/** Who may make an account: what the owner chose, or else what the configuration says. */
export function registrationMode(policy: Policy, configured: RegistrationMode): RegistrationMode {
  return policy.registration ?? configured;
}

/** Whether this account may not do without a second factor. */
export function requiresFactor(
  policy: Policy,
  account: { serverRole: ServerRole; mustHaveFactor: boolean },
): boolean {
  if (account.mustHaveFactor || policy.factor === "everyone") return true;
  return policy.factor === "privileged" && (account.serverRole === "owner" || account.serverRole === "admin");
}
