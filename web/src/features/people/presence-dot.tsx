import type { PresentPerson } from "@novax/protocol/signals";
import { t } from "../../texts/text.ts";

/** Whether a person is online: a shape as well as a colour. */
export function PresenceDot({ state: { state } }: { state: PresentPerson }) {
  return (
    <span className={`presence-dot presence-${state}`}>
      <span className="visually-hidden">, {t.presence[state]}</span>
    </span>
  );
}
