import type { Bootstrap } from "@novax/protocol/bootstrap";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { MyLists } from "@novax/protocol/reads";
import type { MyPart } from "@novax/protocol/signals";
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Api } from "../client/api.ts";

/** A busy thread signals a change with every reply, so the lists are read at most twice a second. */
const listsChangeEveryMs = 500;
const savedShownMax = 200;

/** The lists of the viewer, and the pins, files and members of the open room. */
export type MyList = MyPart | "pins" | "files" | "members";

/** Lists whose counts are part of {@link MyLists}. */
const countedLists: readonly MyList[] = ["profile", "reports", "threads", "mentions", "reminders", "inbox"];

/** What belongs to the viewer alone: status, blocks, counts, saved messages. */
export class MeStore {
  readonly #api: Api;
  readonly #lists: ReturnType<typeof signal<MyLists>>;
  readonly #saved = signal<ReadonlySet<string>>(new Set());
  readonly #versions = signal<Partial<Record<MyList, number>>>({});
  readonly #changed = new Set<MyList>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /**
   * Called when the number of blocked people has changed, because messages of a blocked sender do not count as unread.
   */
  onBlocksChanged: () => void = () => {};

  constructor(known: Bootstrap["me"], api: Api) {
    this.#api = api;
    this.#lists = signal({
      ...known,
      // What an older version kept on the device has none.
      notifiesOf: known.notifiesOf ?? { threads: true, reactions: false },
      reports: 0,
      unreadThreads: 0,
      threadMentions: 0,
      dueReminders: 0,
      newInvitations: 0,
      approvals: 0,
    });
  }

  get lists(): ReadonlySignal<MyLists> {
    return this.#lists as ReadonlySignal<MyLists>;
  }

  /** How often each list has changed. A panel that shows a list reads it again when this grows. */
  get versions(): ReadonlySignal<Partial<Record<MyList, number>>> {
    return this.#versions;
  }

  isSaved(room: RoomId, seq: number): boolean {
    return this.#saved.value.has(savedKey(room, seq));
  }

  /** Shows a message as saved or not saved before the server has confirmed it. */
  showSaved(room: RoomId, seq: number, isSaved: boolean): void {
    const saved = new Set(this.#saved.peek());
    if (isSaved) saved.add(savedKey(room, seq));
    else saved.delete(savedKey(room, seq));
    this.#saved.value = saved;
  }

  isBlocked(id: AccountId): boolean {
    return this.lists.value.blocked.some((person) => person.id === id);
  }

  /** Reads the counts again. A failure is ignored, because the next change reads them again. */
  async reread(): Promise<void> {
    const before = this.lists.peek().blocked.length;
    try {
      this.#lists.value = await this.#api.read("me.read", {});
    } catch {
      return;
    }
    if (this.lists.peek().blocked.length !== before) this.onBlocksChanged();
  }

  async rereadSaved(): Promise<void> {
    try {
      const { messages } = await this.#api.read("me.saved", { limit: savedShownMax });
      this.#saved.value = new Set(messages.map(({ room, seq }) => savedKey(room, seq)));
    } catch {
      // The next change reads them again.
    }
  }

  /**
   * Notes that a list has changed. It is read again at once; further changes within half a second are read together.
   */
  changed(list: MyList): void {
    this.#changed.add(list);
    if (this.#timer === undefined) this.#announce();
  }

  #announce(): void {
    const versions = { ...this.#versions.peek() };
    for (const list of this.#changed) versions[list] = (versions[list] ?? 0) + 1;
    this.#versions.value = versions;
    if (this.#changed.has("saved")) void this.rereadSaved();
    if (countedLists.some((list) => this.#changed.has(list))) void this.reread();
    this.#changed.clear();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#changed.size > 0) this.#announce();
    }, listsChangeEveryMs);
  }
}

function savedKey(room: RoomId, seq: number): string {
  return `${room} ${seq}`;
}
