import { hourMs } from "../../lib/duration.ts";
import { formatSoon } from "../../lib/time.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { RoomStore } from "../../stores/room-store.ts";
import type { UiStore } from "../../stores/ui-store.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import { leaveRoom } from "../rooms/membership.ts";
import { serverNow } from "../server-now.ts";

export type SlashCommandContext = { chat: ChatStore; ui: UiStore; store: RoomStore };

type SlashCommand = {
  hint: () => string;
  /** What the command takes after its name, as the suggestion list shows it. */
  takes?: () => string;
  /**
   * Runs the command with the text after its name. Returns what is left to do with the text.
   */
  run: (context: SlashCommandContext, rest: string) => Promise<Outcome> | Outcome;
};

/** A text that stays in the field to be corrected, one that is to be sent, or nothing more. */
type Outcome = string | { send: string } | undefined;

/** The slash commands of the composer. A new one is one more entry here. */
export const slashCommands: Record<string, SlashCommand> = {
  me: {
    hint: () => more.commands.me,
    takes: () => "…",
    run: (_, rest) => (rest === "" ? undefined : { send: `_${rest}_` }),
  },
  topic: {
    hint: () => more.commands.topic,
    takes: () => "…",
    run: async ({ chat, store }, rest) =>
      (await chat.command("room.set_topic", { room: store.id, topic: rest })) ? undefined : rest,
  },
  invite: {
    hint: () => more.commands.invite,
    takes: () => "@name",
    run: async ({ chat, store }, rest) => {
      const names = rest
        .split(/\s+/)
        .flatMap((word) => (word === "" ? [] : [word.replace(/^@/, "").toLowerCase()]));
      const people = [];
      for (const name of names) {
        const { people: found } = await chat.api
          .read("people.search", { q: name })
          .catch(() => ({ people: [] }));
        const person = found.find((candidate) => candidate.username.toLowerCase() === name);
        if (!person) {
          chat.toasts.show(more.commands.nobodyCalled(name));
          return rest;
        }
        people.push(person.id);
      }
      if (people.length === 0) return rest;
      return (await chat.command("member.add", { room: store.id, people })) ? undefined : rest;
    },
  },
  mute: {
    hint: () => more.commands.mute,
    run: async ({ chat, store }) => {
      const room = chat.rooms.get(store.id);
      if (!room) return undefined;
      const isMuted = !room.isMuted;
      if (await chat.command("room.set_preferences", { room: store.id, isMuted }))
        chat.toasts.show(isMuted ? more.commands.isMuted : more.commands.isHeard);
      return undefined;
    },
  },
  poll: {
    hint: () => more.commands.poll,
    run: ({ ui }) => {
      ui.open({ kind: "poll" });
      return undefined;
    },
  },
  remind: {
    hint: () => more.commands.remind,
    takes: () => more.commands.remindTakes,
    run: async ({ chat, ui, store }, rest) => {
      const parser = await import("../scheduled/parse-when.ts").catch(() => null);
      const when = parser?.parseWhen(rest, serverNow(chat));
      if (!when) {
        chat.toasts.show(parser ? more.commands.badTime : t.errors.offline);
        return rest;
      }
      // What was understood is shown before it is set.
      const text = more.commands.remindAsk(formatSoon(when.at, serverNow(chat)), when.note);
      if (!(await ask(ui, text, more.commands.remindYes))) return rest;
      const done = await chat.command("reminder.set", { room: store.id, note: when.note, at: when.at });
      if (done) chat.toasts.show(more.scheduled.reminded(formatSoon(when.at, serverNow(chat))));
      return done ? undefined : rest;
    },
  },
  status: {
    hint: () => more.commands.status,
    takes: () => "…",
    run: async ({ chat }, rest) => {
      const emoji = /^\p{RGI_Emoji}/v.exec(rest)?.[0] ?? "";
      await chat.command("status.set", {
        emoji,
        text: rest.slice(emoji.length).trim().slice(0, 80),
        until: null,
      });
      return undefined;
    },
  },
  dnd: {
    hint: () => more.commands.away,
    run: async ({ chat }) => {
      const isDnd = chat.me.lists.peek().dndUntil !== null;
      const until = isDnd ? null : serverNow(chat) + hourMs;
      if (await chat.command("dnd.set", { until }))
        chat.toasts.show(isDnd ? more.commands.dndOff : more.commands.dndOn);
      return undefined;
    },
  },
  leave: {
    hint: () => more.commands.leave,
    run: ({ chat, ui, store }) => {
      const room = chat.rooms.get(store.id);
      if (room) leaveRoom(chat, ui, room);
      return undefined;
    },
  },
  shrug: {
    hint: () => more.commands.shrug,
    run: (_, rest) => ({ send: `${rest} ¯\\\\\\_(ツ)\\_/¯`.trim() }),
  },
};

function ask(ui: UiStore, text: string, yes: string): Promise<boolean> {
  return new Promise((resolve) =>
    ui.open({
      ...{ kind: "ask", text, yes, isHarmless: true },
      ...{ onYes: () => resolve(true), onNo: () => resolve(false) },
    }),
  );
}

/**
 * Runs a text that begins with a slash command, in any case. Resolves with the text that stays in the field, with what is
 * to be sent, or with undefined if that was all. A text that is no command is to be sent as it is; one that looks like
 * one is asked about.
 */
export async function runSlashCommand(context: SlashCommandContext, text: string): Promise<Outcome> {
  const match = /^\/([a-z]+)(?:\s+([\s\S]*))?$/i.exec(text);
  if (!match) return { send: text };
  const [, typed = "", rest = ""] = match;
  const name = typed.toLowerCase();
  const command = Object.hasOwn(slashCommands, name) ? slashCommands[name] : undefined;
  if (!command) {
    const isText = await ask(context.ui, more.commands.unknownCommand(typed), more.commands.sendIt);
    return isText ? { send: text } : text;
  }
  const outcome = await command.run(context, rest.trim());
  return typeof outcome === "string" ? `/${name} ${outcome}` : outcome;
}
