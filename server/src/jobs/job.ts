/** A kind of background job: its name in the queue and the function that runs it. */
export type Job<App, Payload> = {
  readonly name: string;
  /** Names it had in the queue in older versions. */
  readonly formerNames: readonly string[];
  /** It waits for servers of strangers, so it runs beside the others and delays none of them. */
  readonly isOutside: boolean;
  /** May run more than once for the same job. If it rejects, the job is tried again later. */
  readonly run: (app: App, payload: Payload) => Promise<void>;
};

/** Defines a kind of job. It only runs if it is in the list of jobs in `main.ts`. */
export function defineJob<App, Payload>(
  name: string,
  run: (app: App, payload: Payload) => Promise<void>,
  { formerNames = [], isOutside = false }: { formerNames?: readonly string[]; isOutside?: boolean } = {},
): Job<App, Payload> {
  return { name, formerNames, isOutside, run };
}
