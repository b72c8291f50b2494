export type CreatedInvite = { link: string; qr: { size: number; path: string } };

export type InviteReply =
  | { ok: true; invite: CreatedInvite }
  | { ok: false; detail: string; asksForProof: boolean };

/**
 * Creates an invitation link. Resolves with the link and its QR code (squares of 1 in a box of `size`), with the detail
 * of a refusal, or with null if the server cannot be reached.
 */
export async function createInvite(fields: { uses: number; days: number }): Promise<InviteReply | null> {
  try {
    const response = await fetch("/admin/invites", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ max_uses: fields.uses, days: fields.days }),
    });
    const answer = (await response.json()) as CreatedInvite & { code?: string; detail?: string };
    return response.ok
      ? { ok: true, invite: answer }
      : { ok: false, detail: answer.detail ?? "", asksForProof: answer.code === "reauth_required" };
  } catch {
    return null;
  }
}
