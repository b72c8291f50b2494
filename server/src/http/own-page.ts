// Which addresses a person may be led to after signing in or confirming who they are.

/**
 * Returns the page of the chat, or of the account, that somebody wanted to see before they had to sign in; null for
 * anything else. The patterns are strict, so that a cookie that was planted can lead nowhere else.
 */
export function ownPageOf(path: string): string | null {
  const isChat =
    /^\/chat(?:\/[A-Za-z0-9_-]{1,64}(?:\/[1-9]\d{0,14})?)?(?:\?(?:join=[A-Za-z0-9_-]{1,64}|open=[a-z]{1,20}))?$/.test(
      path,
    );
  return isChat || isOwnPage(path) ? path : null;
}

/** Whether a path is one of our account or admin pages. The pattern is strict, so that it can lead nowhere else. */
export function isOwnPage(path: string): boolean {
  // Not the SSO linking page: a stranger's link could start linking right after a password was entered for something
  // else.
  if (path.startsWith("/account/sso/link")) return false;
  return /^\/(?:account|admin)(?:\/[A-Za-z0-9_-]+)*(?:\?(?:setup=1|done=again))?$/.test(path);
}
