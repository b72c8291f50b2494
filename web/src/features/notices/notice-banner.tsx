import type { NoticeSignal } from "@novax/protocol/signals";
import { more } from "../../texts/more.ts";

/** A new notice about the viewer's account. It lies over the header, so nothing moves. */
export function NoticeBanner({ notice, onDismiss }: { notice: NoticeSignal | null; onDismiss: () => void }) {
  return (
    <div className="banner-place" role="status">
      {notice === null ? null : (
        <div className="banner">
          <span>
            {notice.title}. {notice.detail}
          </span>
          <a className="button-subtle button-link" href="/account">
            {more.notices.look}
          </a>
          <button type="button" className="button-subtle" onClick={onDismiss}>
            {more.notices.dismiss}
          </button>
        </div>
      )}
    </div>
  );
}
