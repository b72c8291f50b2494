import type { ChatStore } from "../../stores/chat-store.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import { type InboxPanel, inboxOf } from "./inbox.ts";
import { NewCount } from "./new-count.tsx";

/** Chooses which of the viewer's lists the panel shows. */
export function InboxTabs(props: {
  chat: ChatStore;
  panel: InboxPanel;
  onChoose: (panel: InboxPanel) => void;
}) {
  return (
    <div className="tabs inbox-tabs" role="group" aria-label={t.rooms.inbox}>
      {inboxOf(props.chat, props.panel).map(({ panel, count }) => (
        <button
          key={panel}
          type="button"
          className="tab"
          aria-pressed={panel === props.panel}
          onClick={() => {
            if (panel !== props.panel) props.onChoose(panel);
          }}
        >
          {more.inbox.tabs[panel]}
          <NewCount count={count} isCalling={panel === "mentions"} />
        </button>
      ))}
    </div>
  );
}
