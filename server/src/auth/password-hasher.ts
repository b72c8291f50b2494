import { availableParallelism } from "node:os";
import { addressKey } from "../lib/ip-address.ts";
import { WorkQueue } from "../lib/work-queue.ts";
import { leastCost } from "./hash-cost.ts";

const waitingMax = 256;
/** Of one network address. An office that signs in at nine waits for a few seconds, and for nobody else. */
const waitingPerAddressMax = 128;
/** Who changes a password or signs in with an old hash needs two turns, and Bun waits 30 s for an answer. */
const waitMs = 14_000;

/**
 * bcrypt through `Bun.password`, off the event loop, on all cores but one, so that messages go on. The queue is bounded; when
 * it is full, or the wait too long, it refuses with `unavailable`.
 */
export type PasswordHasher = {
  /**
   * Hashes a password that {@link normalisePassword} returned. Bun hashes anything over 72 bytes with SHA-512 first,
   * so bcrypt does not cut it off. `address`: who asked, for their share of the queue.
   */
  hash(password: string, address?: string): Promise<string>;
  /**
   * Takes the same time whether `hash` belongs to an account or is null (unknown username). `before` runs when the
   * check gets its turn; if it rejects, nothing is computed.
   */
  verify(
    password: string,
    hash: string | null,
    options?: { before?: () => Promise<void>; address?: string },
  ): Promise<boolean>;
  /** Whether a stored hash is weaker than what `hash` produces now. */
  isOutdated(hash: string): boolean;
  /** How many passwords wait for their turn. */
  readonly waiting: number;
};

/**
 * `cost`: of bcrypt, asked for when the first password is checked, and the same in all processes of an installation. `workers`: how many
 * processes of this machine share its cores.
 */
export function createPasswordHasher({
  cost: readCost,
  workers,
}: {
  cost: () => Promise<number>;
  workers: number;
}): PasswordHasher {
  const queue = new WorkQueue({
    parallel: Math.max(1, Math.floor((availableParallelism() - 1) / workers)),
    waitingMax,
    waitingPerOwnerMax: waitingPerAddressMax,
    waitMs,
  });
  let cost = leastCost;
  const hashNow = (password: string) => Bun.password.hash(password, { algorithm: "bcrypt", cost });
  let preparing: Promise<string> | null = null;
  // Every call waits for it, so that none says by its time whether it was needed.
  const prepare = () => {
    preparing ??= (async () => {
      cost = await readCost();
      // To check against when the username is unknown, so that it takes as long as for a known one.
      return hashNow(crypto.randomUUID());
    })().catch((error: unknown) => {
      preparing = null;
      throw error;
    });
    return preparing;
  };
  return {
    get waiting() {
      return queue.waiting;
    },
    hash: async (password, address) => {
      await prepare();
      return queue.run(() => hashNow(password), ownerOf(address));
    },
    verify: async (password, hash, { before, address } = {}) => {
      const dummyHash = await prepare();
      return queue.run(async () => {
        await before?.();
        const isRight = await Bun.password.verify(password, hash ?? dummyHash).catch(() => false);
        return isRight && hash !== null;
      }, ownerOf(address));
    },
    isOutdated: (hash) => {
      const stored = /^\$2[aby]\$(\d\d)\$/.exec(hash);
      return !stored || Number(stored[1]) < cost;
    },
  };
}

function ownerOf(address: string | undefined): string {
  return address === undefined ? "" : addressKey(address);
}
