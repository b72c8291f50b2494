import { t } from "../../texts/text.ts";

/** How much is new, as a badge. Nothing if nothing is. */
export function NewCount({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <span className="badge badge-mention">
      <span aria-hidden="true">{count > 99 ? "99+" : count}</span>
      <span className="visually-hidden">, {t.account.newNotices(count)}</span>
    </span>
  );
}
