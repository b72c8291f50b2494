import type { JoinedRoom } from "@novax/protocol/entities";
import { useEffect, useRef } from "preact/hooks";
import { Dialog } from "../components/dialog.tsx";
import { lazy } from "../components/lazy.tsx";
import { Menu } from "../components/menu.tsx";
import { filePart } from "../features/files/files-context.ts";
import { EmojiPicker } from "../features/messages/emoji-picker.tsx";
import { HistoryDialog, ReactionsDialog, ReadersDialog } from "../features/messages/message-dialogs.tsx";
import { BanDialog } from "../features/moderation/ban-dialog.tsx";
import { ReportDialog } from "../features/moderation/report-dialog.tsx";
import { InviteDialog } from "../features/people/invite-dialog.tsx";
import { PeopleDialog } from "../features/people/people-dialog.tsx";
import { ProfileDialog } from "../features/people/person-dialogs.tsx";
import { PollDialog } from "../features/polls/poll-dialog.tsx";
import type { DialogProps } from "../features/props.ts";
import { BrowseDialog, CreateRoomDialog } from "../features/rooms/room-dialogs.tsx";
import { Switcher } from "../features/rooms/switcher.tsx";
import { WhenDialog } from "../features/scheduled/when-dialog.tsx";
import { SettingsDialog } from "../features/settings/settings-dialog.tsx";
import { ShortcutsDialog } from "../features/settings/shortcuts-dialog.tsx";
import { focusRoom } from "../lib/regions.ts";
import type { Overlay } from "../stores/ui-store.ts";
import { t } from "../texts/text.ts";

const Lightbox = filePart("Lightbox");
const CropDialog = filePart("CropDialog");
const CustomEmojiDialog = filePart("CustomEmojiDialog");
const DescribeDialog = filePart("DescribeDialog");
const DateDialog = lazy<DialogProps & { room: JoinedRoom }>(() =>
  import("../features/search/date-dialog.tsx").then((loaded) => loaded.DateDialog),
);

/** The dialog or menu over the window. When it closes, the focus returns to where it was. */
export function OverlayHost({ overlay, ...props }: Omit<DialogProps, "onClose"> & { overlay: Overlay }) {
  const opener = useRef(document.activeElement as HTMLElement | null);
  // The overlay has opened and its field has the focus: what was typed meanwhile goes there.
  useEffect(() => {
    const { typedAhead } = props.ui;
    const field = document.activeElement;
    props.ui.typedAhead = "";
    if (typedAhead === "" || !(field instanceof HTMLInputElement)) return;
    field.value = typedAhead;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }, []);
  useEffect(
    () => () => {
      const { current } = opener;
      // What was opened may have moved the focus on purpose.
      if (document.activeElement !== document.body) return;
      if (current?.isConnected && current !== document.body) current.focus();
      else focusRoom();
    },
    [],
  );
  const { chat, ui } = props;
  // Only the overlay that is still open is closed, because choosing in it may have opened the next one.
  const close = () => {
    if (ui.overlay.peek() === overlay) ui.close();
  };
  switch (overlay.kind) {
    case "menu":
      return <Menu {...overlay} onClose={close} />;
    case "lightbox":
      return <Lightbox {...overlay} chat={chat} onClose={close} />;
    case "custom_emoji":
      return <CustomEmojiDialog chat={chat} ui={ui} onClose={close} />;
    case "crop":
      return (
        <CropDialog
          {...overlay}
          onClose={() => {
            close();
            overlay.onClosed();
          }}
        />
      );
    case "describe":
      return <DescribeDialog {...overlay} onClose={close} />;
    case "emoji":
      return (
        <EmojiPicker
          spot={overlay.spot}
          onPick={overlay.onPick}
          onManage={chat.mayOnServer("emoji.add") ? () => ui.open({ kind: "custom_emoji" }) : null}
          onClose={close}
        />
      );
    case "date":
      return <DateDialog {...props} room={overlay.room} onClose={close} />;
    case "switcher":
      return <Switcher {...props} onChoose={overlay.onChoose} onClose={close} />;
    case "create_room":
      return <CreateRoomDialog {...props} onClose={close} />;
    case "invite":
      return <InviteDialog chat={chat} onClose={close} />;
    case "browse":
      return <BrowseDialog {...props} onClose={close} />;
    case "new_direct":
    case "add_people":
      return <PeopleDialog {...props} isForRoom={overlay.kind === "add_people"} onClose={close} />;
    case "settings":
      return (
        <SettingsDialog {...props} first={overlay.tab} isForStatus={overlay.isForStatus} onClose={close} />
      );
    case "shortcuts":
      return <ShortcutsDialog onClose={close} />;
    case "poll":
      return <PollDialog {...props} onClose={close} />;
    case "schedule":
    case "remind":
      return <WhenDialog {...props} overlay={overlay} onClose={close} />;
    case "report":
      return <ReportDialog {...props} entry={overlay.entry} room={overlay.room} onClose={close} />;
    case "history":
      return <HistoryDialog {...props} entry={overlay.entry} room={overlay.room} onClose={close} />;
    case "readers":
      return <ReadersDialog {...props} entry={overlay.entry} room={overlay.room} onClose={close} />;
    case "reactions":
      return <ReactionsDialog {...props} entry={overlay.entry} onClose={close} />;
    case "profile":
      return <ProfileDialog {...props} person={overlay.person} onClose={close} />;
    case "ban":
      return <BanDialog chat={chat} person={overlay.person} onClose={close} />;
    case "ask": {
      // The question, and the sentences about its consequences.
      const [question = "", ...rest] = overlay.text.split(/(?<=\?)\s/);
      return (
        <Dialog title={question} describedBy={rest.length > 0 ? "ask-more" : undefined} onClose={close}>
          {rest.length > 0 ? <p id="ask-more">{rest.join(" ")}</p> : null}
          <div className="dialog-actions">
            <button
              type="button"
              className="button-secondary"
              data-autofocus={overlay.isUnasked}
              onClick={close}
            >
              {t.app.cancel}
            </button>
            <button
              type="button"
              className={overlay.isHarmless ? "button-primary" : "button-danger"}
              data-autofocus={overlay.isUnasked ? undefined : true}
              onClick={() => {
                overlay.onYes();
                close();
              }}
            >
              {overlay.yes}
            </button>
          </div>
        </Dialog>
      );
    }
  }
}
