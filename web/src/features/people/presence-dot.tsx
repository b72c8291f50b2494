import type { PresentPerson } from "@novax/protocol/signals";
import { t } from "../../texts/text.ts";

/** Shows whether a person is online, by shape as well as by colour. */
export function PresenceDot({ state: { state } }: { state: PresentPerson }) {
  return (
    <span className={`presence-dot presence-${state}`}>
      <span className="visually-hidden">{t.presence[state]}, </span>
    </span>
  );
}
