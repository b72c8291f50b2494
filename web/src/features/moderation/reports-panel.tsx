import { nameOf } from "@novax/protocol/person";
import type { Report } from "@novax/protocol/reads";
import { useState } from "preact/hooks";
import { formatSoon } from "../../lib/time.ts";
import { more } from "../../texts/more.ts";
import { Excerpt, PreviewRow } from "../messages/preview-row.tsx";
import type { PanelProps } from "../props.ts";
import { PanelList, useList } from "../use-list.tsx";

type Outcome = "dismissed" | "deleted" | "acted";

const againAfterMs = 2000;

/** The reported messages that the viewer may resolve, and the resolved ones. */
export function ReportsPanel(props: PanelProps) {
  const { chat } = props;
  const [isDone, setDone] = useState(false);
  const list = useList(
    chat,
    async (after) => {
      const { reports, next } = await chat.api.read("reports.list", {
        after,
        ...(isDone ? { done: "1" } : {}),
      });
      return { items: reports, next };
    },
    [isDone, chat.me.versions.value.reports],
  );
  return (
    <>
      <div className="tabs" role="group" aria-label={more.inbox.tabs.reports}>
        {[false, true].map((done) => (
          <button
            key={String(done)}
            type="button"
            className="tab"
            aria-pressed={isDone === done}
            onClick={() => setDone(done)}
          >
            {done ? more.lists.reportsDone : more.lists.reportsOpen}
          </button>
        ))}
      </div>
      <PanelList
        list={list}
        empty={isDone ? more.lists.reportsNoneDone : more.lists.reportsNone}
        keyOf={({ id }) => String(id)}
        row={(report) => <ReportRow {...props} report={report} />}
      />
    </>
  );
}

function ReportRow({ chat, onOpenRoom, report }: PanelProps & { report: Report }) {
  const where = report.roomName === "" ? "" : more.lists.in(report.roomName);
  return (
    <>
      <PreviewRow
        person={report.sender}
        head={`${where} · ${formatSoon(report.at)}`}
        text={<Excerpt chat={chat} room={report.room} text={report.text} />}
        isDisabled={!chat.rooms.get(report.room)}
        onOpen={() => onOpenRoom(report.room, report.seq)}
      >
        {[report, ...report.others].map(({ reporter, reason }) => (
          <span key={reporter.id} className="preview-head">
            {more.report.by(nameOf(reporter), reason)}
          </span>
        ))}
        {report.outcome === null ? null : (
          <span className="preview-head">
            {more.report.resolvedBy(
              report.resolvedBy ? nameOf(report.resolvedBy) : "",
              more.report.outcomes[report.outcome as keyof typeof more.report.outcomes],
            )}
            {report.note === "" ? "" : `: ${report.note}`}
          </span>
        )}
      </PreviewRow>
      {report.outcome === null ? (
        <ReportActions
          onResolve={(outcome, note) =>
            void chat.command("report.resolve", { report: report.id, outcome, note })
          }
        />
      ) : null}
    </>
  );
}

/** The note and the outcome of a report. Only a button decides it, not Enter in the note. */
function ReportActions({ onResolve }: { onResolve: (outcome: Outcome, note: string) => void }) {
  const [note, setNote] = useState("");
  const [isDone, setDone] = useState(false);
  const button = (outcome: Outcome, label: string) => (
    <button
      type="button"
      className={outcome === "deleted" ? "button-danger" : "button-secondary"}
      onClick={() => {
        // A second press must not decide it twice.
        if (isDone) return;
        setDone(true);
        setTimeout(() => setDone(false), againAfterMs);
        onResolve(outcome, note);
      }}
    >
      {label}
    </button>
  );
  return (
    <div className="report-actions">
      <input
        className="field"
        placeholder={more.report.note}
        aria-label={more.report.note}
        maxLength={300}
        value={note}
        onInput={(event) => setNote(event.currentTarget.value)}
      />
      {button("dismissed", more.report.dismiss)}
      {button("acted", more.report.acted)}
      {button("deleted", more.report.delete)}
    </div>
  );
}
