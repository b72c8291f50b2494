import { availableParallelism } from "node:os";
import { WorkQueue } from "../lib/work-queue.ts";

const waitingMax = 256;
const waitMs = 15_000;

/**
 * bcrypt through `Bun.password`, off the event loop, as many at once as there are cores. Beyond a bounded queue it
 * refuses with `unavailable`.
 */
export type PasswordHasher = {
  /** Hashes a password as {@link normalisePassword} left it. Over 72 bytes Bun hashes with SHA-512 first. */
  hash(password: string): Promise<string>;
  /**
   * Takes the same time whether `hash` is an account's or null (nobody's). `before` runs when its turn has come; where
   * it rejects, nothing is computed.
   */
  verify(password: string, hash: string | null, before?: () => Promise<void>): Promise<boolean>;
  /** Whether a stored hash is weaker than what `hash` makes today. */
  isOutdated(hash: string): boolean;
};

export async function createPasswordHasher(cost: number): Promise<PasswordHasher> {
  const queue = new WorkQueue({ parallel: availableParallelism(), waitingMax, waitMs });
  const options = { algorithm: "bcrypt", cost } as const;
  // Somebody's hash for nobody's password: an unknown name costs the time of a known one.
  const nobodysHash = await Bun.password.hash(crypto.randomUUID(), options);
  return {
    hash: (password) => queue.run(() => Bun.password.hash(password, options)),
    verify: (password, hash, before) =>
      queue.run(async () => {
        await before?.();
        const isRight = await Bun.password.verify(password, hash ?? nobodysHash).catch(() => false);
        return isRight && hash !== null;
      }),
    isOutdated: (hash) => {
      const stored = /^\$2[aby]\$(\d\d)\$/.exec(hash);
      return !stored || Number(stored[1]) < cost;
    },
  };
}
