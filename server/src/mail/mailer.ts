import { isLoopbackAddress } from "../lib/ip-address.ts";

export type Mail = {
  to: string;
  subject: string;
  text: string;
  html: string;
  /** Where one request without anything else ends mails of this kind (RFC 8058). */
  unsubscribe?: string;
};

/**
 * Sends mail. Guarantees: when `send` resolves, the next mail server has accepted the mail; when it rejects, the mail
 * may or may not have been sent. Retrying is the caller's task.
 */
export type Mailer = {
  send(mail: Mail): Promise<void>;
  /** Whether mails leave this machine. */
  isReal: boolean;
  /** Connects and signs in, and sends nothing. Resolves with what is wrong, or with null. */
  check(): Promise<string | null>;
  close(): void;
};

const connectWithinMs = 10_000;
const answerWithinMs = 30_000;

/** Sends through the operator's SMTP server. The library is only loaded if there is one. */
export async function createSmtpMailer(url: string, from: string): Promise<Mailer> {
  const { createTransport } = await import("nodemailer");
  const transport = createTransport(
    {
      url,
      pool: true,
      maxConnections: 2,
      connectionTimeout: connectWithinMs,
      greetingTimeout: connectWithinMs,
      socketTimeout: answerWithinMs,
      // Neither the password nor a link that sets one goes over a network in the clear. A server without a password is
      // inside of the operator's own.
      requireTLS: needsTls(url),
      // Nothing in a mail may make the server read a file or fetch a URL.
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from, headers: { "Auto-Submitted": "auto-generated" } },
  );
  return {
    isReal: true,
    send: async ({ to, subject, text, html, unsubscribe }) => {
      const headers: Record<string, string> = unsubscribe
        ? { "List-Unsubscribe": `<${unsubscribe}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" }
        : {};
      await transport.sendMail({ to: { name: "", address: to }, subject, text, html, headers });
    },
    check: () =>
      transport.verify().then(
        () => null,
        (error: unknown) => problemIn(error),
      ),
    close: () => transport.close(),
  };
}

function needsTls(given: string): boolean {
  const { username, hostname } = new URL(given);
  return username !== "" && !isLoopbackAddress(hostname.replace(/^\[|\]$/g, "")) && hostname !== "localhost";
}

/** What an operator can do something about. The server's own words could repeat what was sent to it. */
function problemIn(error: unknown): string {
  const { code = "", message } = error as Error & { code?: string };
  if (code === "EAUTH") return "refuses the name or password";
  if (code === "ENOAUTH") return "needs a name and a password";
  if (code === "ETLS" || /certificate|SSL|TLS/i.test(message)) return "can't be reached with TLS";
  return `can't be reached (${code})`;
}

/** Without an SMTP server: prints mails on the console, for the operator to pass on. */
export function createConsoleMailer(print: (mail: Mail) => void): Mailer {
  return { isReal: false, send: async (mail) => print(mail), check: async () => null, close: () => {} };
}

/** A mail as it is printed on a terminal. */
export function inWords({ to, subject, text }: Mail): string {
  return `\n  | To: ${to}\n  | Subject: ${subject}\n  |\n  | ${text.replaceAll("\n", "\n  | ")}\n`;
}
