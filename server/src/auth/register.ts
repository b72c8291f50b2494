import type { Person } from "@novax/protocol/entities";
import type { AccountId, SessionId } from "@novax/protocol/ids";
import { parseEmail } from "../accounts/email.ts";
import { insertAccount, lockFirstAccount } from "../accounts/queries.ts";
import { clearSetupCode, isSetupCode } from "../accounts/setup-code.ts";
import { parseUsername, usernameKey } from "../accounts/username.ts";
import { isUniqueViolation, type Sql } from "../db/database.ts";
import { type RecordEvent, transactWithEvents } from "../events/record-events.ts";
import { addressKey } from "../lib/ip-address.ts";
import { Refusal } from "../lib/refusal.ts";
import { type AttemptLimit, assertAttempt } from "./attempt-limits.ts";
import { type FinishedLogin, finishLogin } from "./finish-login.ts";
import type { LoginNeeds } from "./log-in.ts";
import { assertMayBePassword, normalisePassword, type PasswordRules } from "./password-rules.ts";
import type { RequestOrigin } from "./sessions.ts";

export type RegisterNeeds = LoginNeeds & {
  passwordRules: PasswordRules;
  signUpLimit: AttemptLimit;
  /** Brings a new account into the rooms everybody is in. Rooms are above accounts, so this is handed in. */
  joinFirstRooms: (tx: Sql, recordEvent: RecordEvent, person: Person) => Promise<void>;
};

export type SignUp = {
  email: string;
  username: string;
  password: string;
  confirmPassword: string;
  setupCode: string | null;
  presentedSession: SessionId | null;
};

/**
 * Makes an account and signs in. The first account becomes the owner: from this machine freely, from anywhere else
 * with the code that the server printed at start (`setup_code_required`).
 *
 * Refuses bad input field by field, a used name with `username_taken`, and more sign-ups than an address may make with
 * `too_many_attempts`. A used e-mail address is no refusal: nobody learns who has an account.
 */
export async function register(
  app: RegisterNeeds,
  signUp: SignUp,
  origin: RequestOrigin & { isOnThisMachine: boolean },
): Promise<FinishedLogin> {
  const username = parseUsername(signUp.username);
  const email = parseEmail(signUp.email);
  const password = normalisePassword(signUp.password);
  if (password !== normalisePassword(signUp.confirmPassword)) {
    throw new Refusal("passwords_differ", "The two passwords differ.", { field: "confirm_password" });
  }
  await assertMayBePassword(password, app.passwordRules, { username, email });
  await assertAttempt(app.attemptLimits, `sign-up:${addressKey(origin.address)}`, app.signUpLimit);
  const passwordHash = await app.passwordHasher.hash(password);

  const account = { id: app.random.uuid() as AccountId, username };
  try {
    const finished = await transactWithEvents(app, async (tx, recordEvent) => {
      const isFirst = await lockFirstAccount(tx);
      if (isFirst) await requireFirstAccountRight(tx, signUp.setupCode, origin.isOnThisMachine);
      await insertAccount(tx, {
        ...account,
        key: usernameKey(username),
        email,
        passwordHash,
        serverRole: isFirst ? "owner" : "member",
        createdAt: app.clock.now(),
      });
      await app.joinFirstRooms(tx, recordEvent, account);
      app.log.info("account.registered", { account: account.id, isOwner: isFirst, address: origin.address });
      const { presentedSession } = signUp;
      return finishLogin(app, tx, {
        account: { ...account, passwordHash },
        knownDevice: null,
        presentedSession,
        origin,
      });
    });
    app.bus.publish({ kind: "sessions_ended", sessions: finished.endedSessions });
    return finished;
  } catch (error) {
    if (isUniqueViolation(error)) {
      throw new Refusal("username_taken", "This username is taken.", { field: "username" });
    }
    throw error;
  }
}

async function requireFirstAccountRight(
  tx: Sql,
  setupCode: string | null,
  isOnThisMachine: boolean,
): Promise<void> {
  if (!isOnThisMachine && !(setupCode !== null && (await isSetupCode(tx, setupCode.trim())))) {
    throw new Refusal(
      "setup_code_required",
      "The first account needs the setup code that the server printed at start.",
      {
        field: "setup_code",
      },
    );
  }
  await clearSetupCode(tx);
}
