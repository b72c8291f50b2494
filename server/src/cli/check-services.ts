import type { App } from "../http/app.ts";

/**
 * Tries the services that the settings name, and logs which of them can't be used, so that an operator learns it at the
 * start and not from people. None of them keeps novaX from starting: they may be back in a minute. Never rejects.
 */
export async function checkServices({ mailer, blobs, sso, log }: App): Promise<void> {
  const tell = async (event: string, setting: string, problem: Promise<string | null>, hint: string) => {
    const server = await problem;
    if (server !== null) log.warn(event, { setting, server, hint });
  };
  await Promise.all([
    tell("mail.away", "SMTP_URL", mailer.check(), "mails wait for up to three days"),
    tell("files.away", "S3_URL", blobs.check(), "no file can be sent or opened"),
    // It logs by itself what is wrong.
    sso?.check(),
  ]);
}
