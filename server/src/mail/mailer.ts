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
    close: () => transport.close(),
  };
}

/** Without an SMTP server: prints mails on the console, for the operator to pass on. */
export function createConsoleMailer(write: (text: string) => void): Mailer {
  return {
    isReal: false,
    send: async ({ to, subject, text }) => {
      const body = text.replaceAll("\n", "\n  | ");
      write(`\n  | To: ${to}\n  | Subject: ${subject}\n  |\n  | ${body}\n`);
    },
    close: () => {},
  };
}
