import { nameOf } from "@novax/protocol/person";
import type { FileListKind, RoomFile } from "@novax/protocol/reads";
import { useState } from "preact/hooks";
import { formatBytes } from "../../lib/bytes.ts";
import { formatFull, formatSoon } from "../../lib/time.ts";
import { more } from "../../texts/more.ts";
import type { PanelProps } from "../props.ts";
import { PanelList, useList } from "../use-list.tsx";
import { FileName } from "./file-name.tsx";
import { kindMark } from "./kind-mark.ts";

const tabs = ["all", "picture", "media", "file"] as const;

/** All files that were sent to the open room, by kind. */
export function FilesPanel(props: PanelProps) {
  const { chat, ui } = props;
  const [kind, setKind] = useState<FileListKind | undefined>(undefined);
  const room = chat.room.value;
  const list = useList(
    chat,
    async (after) => {
      if (!room) return { items: [], next: null };
      const { files, next } = await chat.api.read("room.files", { room: room.id, kind, after });
      return { items: files.filter(({ sender }) => !chat.me.isBlocked(sender.id)), next };
    },
    [room?.id, kind, chat.me.versions.value.files],
  );
  if (!room) return null;
  const show = ({ seq, threadRoot }: RoomFile) =>
    threadRoot === null ? props.onOpenRoom(room.id, seq) : props.onOpenThread(room.id, threadRoot);
  const open = (item: RoomFile) => {
    const shown = list.items ?? [];
    ui.open({
      kind: "lightbox",
      files: shown.map(({ file }) => file),
      index: shown.indexOf(item),
      onShowInChat: (index) => show(shown[index]!),
    });
  };
  return (
    <>
      <div className="tabs" role="group" aria-label={more.files.filter}>
        {tabs.map((tab) => (
          <button
            key={tab}
            type="button"
            className="tab"
            aria-pressed={(kind ?? "all") === tab}
            onClick={() => setKind(tab === "all" ? undefined : tab)}
          >
            {more.files.kinds[tab]}
          </button>
        ))}
      </div>
      <PanelList
        list={list}
        empty={more.files.none[kind ?? "all"]}
        keyOf={({ file }) => file.id}
        row={(item) => <FileRow item={item} onOpen={() => open(item)} />}
      />
    </>
  );
}

function FileRow({ item: { file, sender, sentAt }, onOpen }: { item: RoomFile; onOpen: () => void }) {
  return (
    <button type="button" className="preview-message file-row" onClick={onOpen}>
      {file.hasPreview ? (
        <img className="attachment-picture" src={`/api/files/${file.id}/preview`} alt="" loading="lazy" />
      ) : (
        <span className="file-kind" aria-hidden="true">
          {kindMark(file)}
        </span>
      )}
      <span className="file-card-words">
        <FileName name={file.alt ?? file.name} />
        {file.alt === undefined ? null : (
          <span className="file-facts" dir="auto">
            {file.name}
          </span>
        )}
        <span className="file-facts">
          {nameOf(sender)} · <time title={formatFull(sentAt)}>{formatSoon(sentAt)}</time> ·{" "}
          {formatBytes(file.size)}
        </span>
      </span>
    </button>
  );
}
