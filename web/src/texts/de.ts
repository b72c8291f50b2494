import { createPlural } from "@novax/protocol/language";
import { unreadCountMax } from "@novax/protocol/limits";
import type { Texts } from "./text.ts";

const plural = createPlural("de");

const list = new Intl.ListFormat("de");

/** A count that stops at {@link unreadCountMax}. */
function many(count: number, forms: { one: string; other: string }): string {
  return count < unreadCountMax ? plural(count, forms) : forms.other.replace("#", "99+");
}

export const de: Texts = {
  app: {
    cancel: "Abbrechen",
    save: "Speichern",
  },
  errors: {
    offline: "Du bist offline. Prüfe deine Verbindung und versuche es erneut.",
    notLoaded: "Laden fehlgeschlagen. Versuche es erneut.",
  },
  rooms: {
    title: "Räume",
    ownNotes: "Deine Notizen",
    favourites: "Favoriten",
    rooms: "Räume",
    direct: "Direktnachrichten",
    requests: "Anfragen",
    archived: "Archiviert",
    jump: "Suchen, öffnen…",
    jumpKeys: "Strg K",
    inbox: "Eingang",
    newDirect: "Neue Nachricht",
    addRoom: "Raum hinzufügen",
    all: "Alle Räume",
    unread: (count: number) => many(count, { one: "# ungelesen", other: "# ungelesen" }),
    mentionCount: (count: number) => plural(count, { one: "# Erwähnung", other: "# Erwähnungen" }),
    hasDraft: "Entwurf",
    isMuted: "stummgeschaltet",
    isPrivate: "privat",
    noRooms: "Du bist noch keinem Raum beigetreten.",
    noDirect: "Noch keine Direktnachrichten.",
    startDirect: "Nachricht schreiben",
    youEntered: (room: string) => `Du bist „${room}“ beigetreten.`,
    youLeft: (name: string) => `Du wurdest aus „${name}“ entfernt.`,
  },
  account: {
    newNotices: (count: number) => plural(count, { one: "# neu", other: "# neu" }),
    aboutAccount: (count: number) =>
      plural(count, { one: "# neue Kontobenachrichtigung", other: "# neue Kontobenachrichtigungen" }),
  },
  room: {
    people: (count: number) => plural(count, { one: "# Mitglied", other: "# Mitglieder" }),
    details: "Raumdetails",
    toResults: "Zurück zu den Ergebnissen",
    files: "Dateien",
    search: "Nachrichten suchen",
    pins: "Angepinnte Nachrichten",
    start: (name: string) => `Das ist der Anfang von „${name}“.`,
    startHint: "Sag Hallo oder füge Personen hinzu.",
    startDirect: (name: string) => `Das ist der Anfang deiner Unterhaltung mit ${name}.`,
    startNotes: "Nur du kannst sehen, was du hier schreibst.",
    archived: "Dieser Raum ist archiviert. Du kannst ihn lesen, aber nichts mehr schreiben.",
    readOnly: "Du kannst in diesem Raum nicht schreiben.",
    blocked: "Du hast diese Person blockiert. Hebe die Blockierung im Profil auf, um ihr zu schreiben.",
    announcements: "Hier können nur Moderatoren schreiben.",
    typing: (names: readonly string[]) =>
      names.length === 1
        ? `${names[0]} schreibt…`
        : names.length === 2
          ? `${names[0]} und ${names[1]} schreiben…`
          : "Mehrere Personen schreiben…",
    messagesIn: (name: string) => `Nachrichten in ${name}`,
    jumpToUnread: "Zu Ungelesenem springen",
    markRead: "Als gelesen markieren",
    toNewest: "Zum Neuesten springen",
    newMessages: (count: number) => many(count, { one: "# neue Nachricht", other: "# neue Nachrichten" }),
    today: "Heute",
    yesterday: "Gestern",
    newLine: "Neu",
    loading: "Lädt…",
    loadingOlder: "Frühere Nachrichten werden geladen…",
    olderFailed: "Frühere Nachrichten konnten nicht geladen werden. Erneut versuchen",
    loadingNewer: "Neuere Nachrichten werden geladen…",
    newerFailed: "Neuere Nachrichten konnten nicht geladen werden. Erneut versuchen",
    joined: (names: string, count: number) => `${names} ${count === 1 ? "ist" : "sind"} beigetreten`,
    wasAdded: (name: string, by: string) => `${by} hat ${name} hinzugefügt`,
    left: (names: string, count: number) => `${names} ${count === 1 ? "hat" : "haben"} den Raum verlassen`,
    wasRemoved: (name: string, by: string) => `${by} hat ${name} entfernt`,
    renamed: (by: string, name: string) => `${by} hat den Raum in „${name}“ umbenannt`,
    topicSet: (by: string, topic: string) => `${by} hat das Thema in „${topic}“ geändert`,
    topicCleared: (by: string) => `${by} hat das Thema entfernt`,
    archivedBy: (by: string) => `${by} hat den Raum archiviert`,
    unarchivedBy: (by: string) => `${by} hat die Archivierung aufgehoben`,
    described: (by: string) => `${by} hat die Beschreibung geändert`,
    pictureChanged: (by: string) => `${by} hat das Bild des Raums geändert`,
    postingChanged: (by: string, isModerators: boolean) =>
      isModerators ? `${by} lässt nur noch Moderatoren schreiben` : `${by} lässt wieder alle schreiben`,
    slowModeChanged: (by: string, seconds: number) =>
      seconds === 0
        ? `${by} hat den langsamen Modus ausgeschaltet`
        : `${by} hat den langsamen Modus eingeschaltet`,
    changedBy: (by: string) => `${by} hat den Raum aktualisiert`,
  },
  message: {
    actions: "Nachrichtenaktionen",
    react: "Reaktion hinzufügen",
    edited: "bearbeitet",
    pinned: "Angepinnt",
    deleted: "Diese Nachricht wurde gelöscht.",
    quoteGone: "Gelöschte Nachricht",
    blocked: "Nachricht einer blockierten Person",
    show: "Anzeigen",
    sending: "wird gesendet",
    notSentShort: "nicht gesendet",
    taskDone: "Erledigt",
    taskOpen: "Offen",
    table: "Tabelle",
    copyCode: "Kopieren",
    copied: "Kopiert",
    lastReply: (when: string) => `letzte Antwort ${when}`,
    answers: (count: number) => plural(count, { one: "# Antwort", other: "# Antworten" }),
    people: (names: readonly string[], more: number) =>
      more > 0
        ? `${names.join(", ")} und ${plural(more, { one: "# weitere Person", other: "# weitere" })}`
        : list.format(names),
    reaction: (emoji: string, count: number) =>
      plural(count, { one: `${emoji}, # Reaktion`, other: `${emoji}, # Reaktionen` }),
    inReplyTo: "Antwort auf",
    reactions: (count: number) => plural(count, { one: "# Reaktion", other: "# Reaktionen" }),
  },
  composer: {
    label: (name: string) => `Nachricht an ${name}`,
    slowLabel: (name: string) => `Nachricht an ${name} (langsamer Modus)`,
    threadLabel: "Im Thread antworten",
    send: "Senden",
    left: (count: number) => plural(count, { one: "# übrig", other: "# übrig" }),
    tooMany: (count: number) => plural(count, { one: "# Zeichen zu viel", other: "# Zeichen zu viel" }),
    saveEdit: "Änderungen speichern",
    replyingTo: "Antwort an",
    editing: "Nachricht bearbeiten",
    code: "Code",
    emoji: "Emoji",
    write: "Weiter bearbeiten",
    formatting: "Formatierung",
    more: "Hinzufügen",
  },
  files: {
    attach: "Dateien anhängen",
    record: "Sprachnachricht aufnehmen",
    noMicrophone:
      "Das Mikrofon kann nicht verwendet werden. Prüfe die Berechtigung für diese Seite im Browser.",
    open: "Öffnen:",
    drop: (name: string) => `Hier ablegen und an ${name} senden`,
    wait: "Warte, bis die Dateien hochgeladen sind.",
    tooMany: (left: number) =>
      plural(left, {
        one: "Eine Nachricht kann bis zu 10 Dateien haben. # Datei wurde weggelassen.",
        other: "Eine Nachricht kann bis zu 10 Dateien haben. # Dateien wurden weggelassen.",
      }),
  },
  thread: {
    title: "Thread",
  },
  presence: { online: "online", away: "abwesend", dnd: "nicht stören" },
  reminder: { due: (note: string) => `Erinnerung: ${note}`, look: "Ansehen" },
};
