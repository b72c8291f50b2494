import type { FunctionComponent } from "preact";
import { PanelFrame } from "../components/panel.tsx";
import { filePart } from "../features/files/files-context.ts";
import { isInbox } from "../features/inbox/inbox.ts";
import { InboxPanel } from "../features/inbox/inbox-panel.tsx";
import { InboxTabs } from "../features/inbox/inbox-tabs.tsx";
import { MentionsPanel } from "../features/mentions/mentions-panel.tsx";
import { PinsPanel } from "../features/messages/pins-panel.tsx";
import { ReportsPanel } from "../features/moderation/reports-panel.tsx";
import { PeoplePanel } from "../features/people/people-panel.tsx";
import type { PanelProps } from "../features/props.ts";
import { DetailsPanel } from "../features/rooms/details-panel.tsx";
import { SavedPanel } from "../features/saved/saved-panel.tsx";
import { ScheduledPanel } from "../features/scheduled/scheduled-panel.tsx";
import { SearchPanel } from "../features/search/search-panel.tsx";
import { ThreadsPanel } from "../features/threads/threads-panel.tsx";
import type { Panel, PanelName } from "../stores/ui-store.ts";
import { more } from "../texts/more.ts";
import { t } from "../texts/text.ts";

const FilesPanel = filePart("FilesPanel");

type Entry = {
  title: () => string;
  View: FunctionComponent<PanelProps>;
  /** It is about the open room, and is created anew for another room. */
  isOfRoom?: true;
};

/** All named panels but threads, which have a composer. */
const panels: Record<Exclude<PanelName, "thread">, Entry> = {
  people: { title: () => more.people.title, View: PeoplePanel, isOfRoom: true },
  details: { title: () => more.details.title, View: DetailsPanel, isOfRoom: true },
  pins: { title: () => t.room.pins, View: PinsPanel, isOfRoom: true },
  files: { title: () => t.room.files, View: FilesPanel, isOfRoom: true },
  search: { title: () => more.search.title, View: SearchPanel },
  activity: { title: () => more.inbox.tabs.activity, View: InboxPanel },
  mentions: { title: () => more.inbox.tabs.mentions, View: MentionsPanel },
  threads: { title: () => more.inbox.tabs.threads, View: ThreadsPanel },
  saved: { title: () => more.inbox.tabs.saved, View: SavedPanel },
  scheduled: { title: () => more.inbox.tabs.scheduled, View: ScheduledPanel },
  reports: { title: () => more.inbox.tabs.reports, View: ReportsPanel },
};

/** The open panel. */
export function SidePanel({ panel, ...props }: PanelProps & { panel: Exclude<Panel, "thread"> }) {
  if (typeof panel !== "string")
    return (
      <PanelFrame title={panel.title} onClose={props.onClose}>
        <div className="panel-body">{panel.view()}</div>
      </PanelFrame>
    );
  const { title, View, isOfRoom } = panels[panel];
  if (isInbox(panel))
    return (
      <PanelFrame key="inbox" title={t.rooms.inbox} onClose={props.onClose}>
        <InboxTabs chat={props.chat} panel={panel} onChoose={props.onPanel} />
        <div className="panel-body" key={panel}>
          <View {...props} />
        </div>
      </PanelFrame>
    );
  // With the room in the key, what was read for another room is never shown.
  const key = isOfRoom ? `${panel} ${props.chat.navigation.current.value}` : panel;
  return (
    <PanelFrame key={key} title={title()} onClose={props.onClose}>
      <div className="panel-body">
        <View {...props} />
      </div>
    </PanelFrame>
  );
}
