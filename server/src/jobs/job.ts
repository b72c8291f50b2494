/** A kind of work for later: what is queued under `name`, and what is done with it. */
export type Job<App, Payload> = {
  readonly name: string;
  /** What it was queued as by older versions. */
  readonly formerNames: readonly string[];
  /** May run twice. A rejection means: try again later. */
  readonly run: (app: App, payload: Payload) => Promise<void>;
};

/** Defines a kind of work, in the module whose work it is. It runs where it is in the list of jobs in `main.ts`. */
export function defineJob<App, Payload>(
  name: string,
  run: (app: App, payload: Payload) => Promise<void>,
  { formerNames = [] }: { formerNames?: readonly string[] } = {},
): Job<App, Payload> {
  return { name, formerNames, run };
}
