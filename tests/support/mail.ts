// A real SMTP server on loopback that keeps the mails it receives.
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";
import { waitUntil } from "./server.ts";
import { freePort } from "./services.ts";

export type ReceivedMail = {
  to: string;
  from: string;
  subject: string;
  text: string;
  html: string;
  link: string;
  /** By name in lower case. */
  headers: Record<string, string>;
};

export class MailServer {
  readonly mails: ReceivedMail[] = [];
  readonly url: string;
  /** What it responds instead of accepting a mail, and how often it was asked. */
  refusal: { code: number } | null = null;
  refused = 0;
  readonly #server: SMTPServer;

  private constructor(server: SMTPServer, port: number) {
    this.#server = server;
    this.url = `smtp://127.0.0.1:${port}`;
  }

  static async start(): Promise<MailServer> {
    const port = await freePort();
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS", "AUTH"],
      logger: false,
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          if (mail.refusal) {
            mail.refused += 1;
            done(Object.assign(new Error("not now"), { responseCode: mail.refusal.code }));
            return;
          }
          void PostalMime.parse(Buffer.concat(chunks)).then((parsed) => {
            const text = parsed.text ?? "";
            mail.mails.push({
              to: session.envelope.rcptTo.map(({ address }) => address).join(),
              from: parsed.from?.address ?? "",
              subject: parsed.subject ?? "",
              text,
              html: parsed.html ?? "",
              link: /https?:\/\/\S+/.exec(text)?.[0] ?? "",
              headers: Object.fromEntries(parsed.headers.map(({ key, value }) => [key, value])),
            });
            done();
          });
        });
      },
    });
    const mail = new MailServer(server, port);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return mail;
  }

  to(address: string): ReceivedMail[] {
    return this.mails.filter((mail) => mail.to === address);
  }

  /** Waits for the newest mail to this address with a matching subject. */
  async next(address: string, subject: RegExp, timeoutMs = 5000): Promise<ReceivedMail> {
    const find = () => this.to(address).findLast((mail) => subject.test(mail.subject));
    if (!(await waitUntil(() => find() !== undefined, timeoutMs))) {
      const seen = this.mails.map((mail) => `${mail.to}: ${mail.subject}`).join("\n");
      throw new Error(`no mail to ${address} fits ${subject}; there are:\n${seen}`);
    }
    return find()!;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** The token at the end of a mail's link. */
export function tokenOf(link: string): string {
  return new URL(link).searchParams.get("token") ?? "";
}
