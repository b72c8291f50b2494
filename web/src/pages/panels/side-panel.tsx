import { PanelFrame } from "../../components/panel.tsx";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { Panel, UiStore } from "../../stores/ui-store.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import { DetailsPanel } from "./details-panel.tsx";
import { MessageListPanel, PinsPanel, ReportsPanel, ScheduledPanel, ThreadsPanel } from "./list-panels.tsx";
import { PeoplePanel } from "./people-panel.tsx";

export type PanelProps = {
  chat: ChatStore;
  ui: UiStore;
  onOpenRoom: (room: string, seq?: number) => void;
  onOpenThread: (room: string, root: number) => void;
  onPanel: (panel: Panel) => void;
  onClose: () => void;
};

/** The panel that is open, but for threads, which are a place to write in. */
export function SidePanel({ panel, ...props }: PanelProps & { panel: Exclude<Panel, "thread"> }) {
  const titles: Record<Exclude<Panel, "thread">, string> = {
    people: more.people.title,
    details: more.details.title,
    pins: t.room.pins,
    mentions: t.rooms.mentions,
    threads: t.rooms.threads,
    saved: t.rooms.saved,
    scheduled: t.rooms.later,
    reports: t.rooms.reports,
  };
  // Each room has its own: what was read for another is not shown for a moment.
  const key = `${panel} ${panel === "people" || panel === "details" || panel === "pins" ? props.chat.current.value : ""}`;
  return (
    <PanelFrame key={key} title={titles[panel]} onClose={props.onClose}>
      <div className="panel-body">
        {panel === "people" ? <PeoplePanel {...props} /> : null}
        {panel === "details" ? <DetailsPanel {...props} /> : null}
        {panel === "pins" ? <PinsPanel {...props} /> : null}
        {panel === "mentions" || panel === "saved" ? <MessageListPanel list={panel} {...props} /> : null}
        {panel === "threads" ? <ThreadsPanel {...props} /> : null}
        {panel === "scheduled" ? <ScheduledPanel {...props} /> : null}
        {panel === "reports" ? <ReportsPanel {...props} /> : null}
      </div>
    </PanelFrame>
  );
}
