// Notifications that reach a browser while no page of ours is open.

/** What a notification says: who wrote what and where, who and where alone, or only that there is something. */
export const pushContents = ["full", "sender", "nothing"] as const;
export type PushContent = (typeof pushContents)[number];

/** The contents that say no more than this one. */
export function contentsWithin(most: PushContent): readonly PushContent[] {
  return pushContents.slice(pushContents.indexOf(most));
}

/**
 * The message to a browser, as JSON. Safari shows it by itself (Declarative Web Push, https://www.w3.org/TR/push-api/); elsewhere
 * our service worker does the same.
 */
export type PushMessage = {
  web_push: 8030;
  notification: {
    title: string;
    body: string;
    /** Where a click leads, as a whole address. */
    navigate: string;
    /** A newer notification with the same tag takes its place. */
    tag: string;
    lang: string;
    /** Buttons. Safari follows their address; our worker does what they say. */
    actions: { action: "read"; title: string; navigate: string }[];
  };
};
