import { isTouch, type Spot } from "../../lib/element.ts";
import type { MenuItem } from "../../stores/ui-store.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import { pickFiles } from "../files/pick-files.ts";
import type { ComposerMenuRequest, MessageActionContext } from "./message-context.ts";

/** Opens the menu beside the composer, with what can be added to a message and how it can be formatted. */
export function openComposerMenu(
  { ui, store }: MessageActionContext,
  spot: Spot,
  request: ComposerMenuRequest,
): void {
  const { text, clear, isFormatting, isPreviewing } = request;
  const isInRoom = store.threadRoot === null;
  const items: (MenuItem | false)[] = [
    { label: more.files.attach, run: () => pickFiles(request.onFiles) },
    isTouch() && {
      label: more.files.takePhoto,
      run: () => pickFiles(request.onFiles, { isCamera: true }),
    },
    isInRoom && { label: more.pollForm.title, run: () => ui.open({ kind: "poll" }) },
    isInRoom &&
      text.trim() !== "" && {
        label: more.composer.schedule,
        run: () => {
          const replyTo = store.replyingTo.peek()?.seq;
          const done = () => {
            clear();
            store.replyingTo.value = null;
          };
          ui.open({ kind: "schedule", text, onDone: done, ...(replyTo === undefined ? {} : { replyTo }) });
        },
      },
    {
      label: isFormatting ? more.composer.hideFormatting : more.composer.showFormatting,
      run: () => request.showFormatting(!isFormatting),
    },
    {
      label: isPreviewing ? t.composer.write : more.composer.preview,
      run: () => request.showPreview(!isPreviewing),
    },
  ];
  ui.open({
    kind: "menu",
    spot,
    label: t.composer.more,
    items: items.filter((item) => item !== false),
  });
}
