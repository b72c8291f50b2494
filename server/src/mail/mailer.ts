export type Mail = { to: string; subject: string; text: string; html: string };

/**
 * Takes a mail on its way. Guarantees: once `send` resolved, the next server has taken it over; when it rejects, it may
 * or may not have gone. Sending again is up to the caller.
 */
export type Mailer = {
  send(mail: Mail): Promise<void>;
  /** Whether mails leave this machine. */
  isReal: boolean;
  close(): void;
};

const connectWithinMs = 10_000;
const answerWithinMs = 30_000;

/** Through the operator's mail server. Its library is loaded where there is one. */
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
      // A mail is text that we made; nothing in it may make the server read a file or fetch an address.
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from, headers: { "Auto-Submitted": "auto-generated" } },
  );
  return {
    isReal: true,
    send: async ({ to, subject, text, html }) => {
      await transport.sendMail({ to: { name: "", address: to }, subject, text, html });
    },
    close: () => transport.close(),
  };
}

/** Without a mail server: onto the console, for whoever runs it to pass on. */
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
