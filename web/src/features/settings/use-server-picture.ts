import { useEffect, useState } from "preact/hooks";

/** The server's icon as it is now: where the page has it, and whether it is a picture that somebody chose. */
export function useServerPicture(): { url: string; isOwn: boolean; reread: () => Promise<void> } {
  const [shown, setShown] = useState({ url: "/icon.svg", isOwn: false });
  const reread = async () => {
    const response = await fetch("/icon.svg").catch(() => null);
    if (!response?.ok) return;
    const icon = await response.blob();
    // Its address is always the same, and the page would go on showing the one it has.
    setShown({ url: URL.createObjectURL(icon), isOwn: icon.type === "image/webp" });
  };
  useEffect(() => void reread(), []);
  useEffect(() => () => URL.revokeObjectURL(shown.url), [shown]);
  return { ...shown, reread };
}
