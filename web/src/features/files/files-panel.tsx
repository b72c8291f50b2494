import { nameOf } from "@novax/protocol/person";
import type { FileListKind, RoomFile } from "@novax/protocol/reads";
import { useEffect, useState } from "preact/hooks";
import { formatBytes } from "../../lib/bytes.ts";
import { formatFull, formatPast } from "../../lib/time.ts";
import { more } from "../../texts/more.ts";
import type { PanelProps } from "../props.ts";
import { PanelList, useList } from "../use-list.tsx";
import { FileName } from "./file-name.tsx";
import { kindMark } from "./kind-mark.ts";
import { LinksList } from "./links-list.tsx";

const tabs = ["all", "picture", "media", "file", "link"] as const;
type Tab = (typeof tabs)[number];
const askAfterMs = 200;

/** All files and links that were sent to the open room, by kind and by words. */
export function FilesPanel(props: PanelProps) {
  const { chat } = props;
  const [tab, setTab] = useState<Tab>("all");
  const [typed, setTyped] = useState("");
  const [words, setWords] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setWords(typed.trim()), askAfterMs);
    return () => clearTimeout(timer);
  }, [typed]);
  if (!chat.room.value) return null;
  return (
    <>
      <input
        type="text"
        role="searchbox"
        enterkeyhint="search"
        className="field"
        aria-label={more.files.find}
        placeholder={more.files.find}
        maxLength={100}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      <div className="tabs" role="group" aria-label={more.files.filter}>
        {tabs.map((one) => (
          <button
            key={one}
            type="button"
            className="tab"
            aria-pressed={tab === one}
            onClick={() => setTab(one)}
          >
            {more.files.kinds[one]}
          </button>
        ))}
      </div>
      {tab === "link" ? (
        <LinksList {...props} words={words} />
      ) : (
        <FilesList {...props} kind={tab === "all" ? undefined : tab} words={words} />
      )}
    </>
  );
}

function FilesList(props: PanelProps & { kind: FileListKind | undefined; words: string }) {
  const { chat, ui, kind, words } = props;
  const room = chat.room.value;
  const list = useList(
    chat,
    async (after) => {
      if (!room) return { items: [], next: null };
      const { files, next } = await chat.api.read("room.files", { room: room.id, kind, q: words, after });
      return { items: files.filter(({ sender }) => !chat.me.isBlocked(sender.id)), next };
    },
    [room?.id, kind, words, chat.me.versions.value.files],
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
    <PanelList
      list={list}
      empty={words === "" ? more.files.none[kind ?? "all"] : more.files.nothingFound}
      keyOf={({ file }) => file.id}
      row={(item) => <FileRow item={item} onOpen={() => open(item)} />}
    />
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
          {nameOf(sender)} · <time title={formatFull(sentAt)}>{formatPast(sentAt)}</time> ·{" "}
          {formatBytes(file.size)}
        </span>
      </span>
    </button>
  );
}
