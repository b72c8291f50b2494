import type { MessageBody } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import { excerptCharsMax } from "@novax/protocol/limits";
import type { PushContent, PushMessage } from "@novax/protocol/push";
import { cutText, wordsOfBody } from "@novax/protocol/text";
import { textsIn } from "../texts/texts.ts";
import type { PushTarget } from "./queries.ts";

/** What the notification of a message says to a person, by what they want to see there. */
export function messageNotification(
  target: Omit<PushTarget, "content">,
  content: PushContent,
  at: { room: RoomId; publicUrl: URL; serverName: string },
): PushMessage {
  const { seq, threadRoot, body, isMention, language } = target;
  const { push } = textsIn(language);
  const said = isMention ? push.mentioned : push.wrote;
  const title = titleOf(target);
  const text =
    content === "nothing"
      ? { title: at.serverName, body: push.something }
      : { title, body: content === "full" ? (wordsAt(body) ?? said) : said };
  // A reply is found under the message that its thread is about, and is read there.
  const actions = threadRoot === null ? [{ action: "read" as const, title: push.markRead }] : [];
  return notification(
    { ...text, actions },
    { ...at, path: `/chat/${at.room}/${threadRoot ?? seq}`, tag: at.room, language },
  );
}

/** What the notification of a reaction says to the person whose message it is to. */
export function reactionNotification(
  target: Omit<PushTarget, "content">,
  content: PushContent,
  at: { room: RoomId; emoji: string; publicUrl: URL; serverName: string },
): PushMessage {
  const { seq, threadRoot, body, language } = target;
  const { push } = textsIn(language);
  const title = titleOf(target);
  const excerpt = wordsAt(body);
  const text =
    content === "nothing"
      ? { title: at.serverName, body: push.news }
      : { title, body: content === "full" && excerpt ? push.reactedTo(at.emoji, excerpt) : push.reacted };
  const path = `/chat/${at.room}/${threadRoot ?? seq}`;
  return notification({ ...text, actions: [] }, { ...at, path, tag: `${at.room} reactions`, language });
}

/** Who wrote it, and where. */
function titleOf({ username, displayName, room, language }: Omit<PushTarget, "content">): string {
  const { push } = textsIn(language);
  const sender = displayName === "" ? username : displayName;
  if (room.kind === "direct") return sender;
  return room.name === "" ? push.inGroup(sender) : push.inRoom(sender, room.name);
}

/** The notification that a person asks for to see whether it arrives. */
export function testNotification(
  language: Language,
  at: { publicUrl: URL; serverName: string },
): PushMessage {
  const text = { title: at.serverName, body: textsIn(language).push.test };
  return notification({ ...text, actions: [] }, { ...at, path: "/chat", tag: "test", language });
}

/** The beginning of what a message says, in plain words: what shows it draws no markdown. Null if it is deleted. */
function wordsAt(body: MessageBody): string | null {
  const words = wordsOfBody(body);
  if (body.kind === "deleted" || words === "") return null;
  return words.length <= excerptCharsMax ? words : `${cutText(words, excerptCharsMax)}…`;
}

function notification(
  { title, body, actions }: { title: string; body: string; actions: { action: "read"; title: string }[] },
  { publicUrl, path, tag, language }: { publicUrl: URL; path: string; tag: string; language: Language },
): PushMessage {
  const navigate = new URL(path, publicUrl).href;
  const buttons = actions.map((action) => ({ ...action, navigate }));
  return { web_push: 8030, notification: { title, body, navigate, tag, lang: language, actions: buttons } };
}
