import type { AdminNeeds } from "../admin/people.ts";
import type { FactorNeeds } from "../auth/answer-challenge.ts";
import type { RegisterNeeds } from "../auth/register.ts";
import type { ResetNeeds } from "../auth/reset-password.ts";
import type { SessionLimits } from "../auth/sessions.ts";
import type { SsoClient } from "../auth/sso-client.ts";
import type { Config } from "../config/read-config.ts";
import type { Mailer } from "../mail/mailer.ts";
import type { Budgets } from "../realtime/budgets.ts";
import type { CommandNeeds } from "../realtime/command-needs.ts";

/** Everything long-lived that a request may need. Functions name the parts they use; only `http` takes it whole. */
export type App = RegisterNeeds &
  ResetNeeds &
  FactorNeeds &
  AdminNeeds &
  CommandNeeds & {
    config: Config;
    epoch: string;
    budgets: Budgets;
    sessionLimits: SessionLimits;
    mailer: Mailer;
    /** Null where no provider is configured. */
    sso: SsoClient | null;
  };
