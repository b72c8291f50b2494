import { useState } from "preact/hooks";
import { type CreatedInvite, createInvite } from "../../client/create-invite.ts";
import { Dialog } from "../../components/dialog.tsx";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import { copyText } from "../copy-text.ts";
import type { DialogProps } from "../props.ts";

const usesOffered = [1, 5, 25, 100] as const;
const daysOffered = [1, 7, 30] as const;

/** Creates a link with which people join the server, and shows it as text and as a QR code. */
export function InviteDialog({ chat, onClose }: Pick<DialogProps, "chat" | "onClose">) {
  const [invite, setInvite] = useState<CreatedInvite | null>(null);
  const [problem, setProblem] = useState<{ detail: string; asksForProof: boolean } | null>(null);
  const [isBusy, setBusy] = useState(false);
  return (
    <Dialog title={more.invite.title} onClose={onClose}>
      {invite ? (
        <div className="form" role="status">
          <p>{more.invite.here}</p>
          {isHereOnly(invite.link) ? <p className="form-problem">{more.invite.hereOnly}</p> : null}
          <input
            className="field"
            readOnly
            // The button that made it is gone.
            ref={(field) => field?.focus()}
            aria-label={more.invite.link}
            value={invite.link}
            onFocus={(event) => event.currentTarget.select()}
          />
          <svg
            className="invite-qr"
            viewBox={`0 0 ${invite.qr.size} ${invite.qr.size}`}
            role="img"
            aria-label={more.invite.qr}
            shape-rendering="crispEdges"
          >
            <rect width="100%" height="100%" fill="#fff" />
            <path d={invite.qr.path} fill="#000" />
          </svg>
          <div className="dialog-actions">
            <button type="button" className="button-primary" onClick={() => void copyText(chat, invite.link)}>
              {more.invite.copy}
            </button>
          </div>
        </div>
      ) : (
        <form
          className="form"
          onSubmit={async (event) => {
            event.preventDefault();
            const fields = new FormData(event.currentTarget);
            setBusy(true);
            const reply = await createInvite({
              uses: Number(fields.get("uses")),
              days: Number(fields.get("days")),
            });
            setBusy(false);
            if (reply?.ok) setInvite(reply.invite);
            else setProblem(reply ?? { detail: t.errors.offline, asksForProof: false });
          }}
        >
          <p>{more.invite.lead}</p>
          <div className="form-row">
            <label className="form-field">
              <span>{more.invite.uses}</span>
              <select className="field" name="uses">
                {usesOffered.map((count) => (
                  <option key={count} value={String(count)} selected={count === 1}>
                    {more.invite.people(count)}
                  </option>
                ))}
              </select>
            </label>
            <label className="form-field">
              <span>{more.invite.expires}</span>
              <select className="field" name="days">
                {daysOffered.map((count) => (
                  <option key={count} value={String(count)} selected={count === 7}>
                    {more.invite.days(count)}
                  </option>
                ))}
              </select>
            </label>
          </div>
          {problem ? (
            <p className="form-problem" role="alert">
              {problem.detail}{" "}
              {problem.asksForProof ? (
                <a href="/account/confirm?next=/admin/invites">{more.invite.confirm}</a>
              ) : null}
            </p>
          ) : null}
          <div className="dialog-actions">
            <button type="submit" className="button-primary" disabled={isBusy} data-autofocus>
              {more.invite.create}
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

/** Whether an address leads nowhere on other computers. */
function isHereOnly(link: string): boolean {
  const { hostname } = new URL(link);
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
