import { t } from "../../texts/text.ts";

/** How much is new: a number of what calls the viewer by name, otherwise a dot. Nothing if nothing is. */
export function NewCount({ count, isCalling }: { count: number; isCalling: boolean }) {
  if (count === 0) return null;
  return (
    <span className={isCalling ? "badge" : "badge badge-dot"}>
      {isCalling ? <span aria-hidden="true">{count > 99 ? "99+" : count}</span> : null}
      <span className="visually-hidden">, {t.account.newNotices(count)}</span>
    </span>
  );
}
