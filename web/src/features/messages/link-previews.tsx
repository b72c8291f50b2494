import { CloseIcon } from "../../components/icons.tsx";
import { more } from "../../texts/more.ts";
import type { LinkPreviewsProps } from "./message-context.ts";

/** What the pages behind a message's links say. All of it comes from this server, and nothing is asked of those pages. */
export function LinkPreviews({ message, actions }: LinkPreviewsProps) {
  const { body, sender } = message;
  if (body.kind !== "text") return null;
  const connection = actions.chat.client.state.value.kind === "open" ? "open" : "away";
  const mayRemove = sender.id === actions.you || actions.chat.may("message.delete_any");
  return (
    <ul className="link-list">
      {body.previews?.map(({ url, title, text, picture }) => (
        <li key={url} className="link-preview">
          <a className="link-preview-open" href={url} target="_blank" rel="noopener noreferrer nofollow">
            <span className="link-preview-words">
              <span className="link-preview-title" dir="auto">
                {title}
              </span>
              {text === "" ? null : (
                <span className="link-preview-text" dir="auto">
                  {text}
                </span>
              )}
              <span className="link-preview-host">{new URL(url).host}</span>
            </span>
            {picture ? (
              <img
                key={connection}
                className="link-preview-picture"
                src={`/api/files/${picture.id}`}
                width={picture.width}
                height={picture.height}
                alt=""
                loading="lazy"
                decoding="async"
                draggable={false}
                // Without a connection it may not be there. The next connection tries again.
                onError={({ currentTarget }) => {
                  currentTarget.hidden = true;
                }}
              />
            ) : null}
          </a>
          {mayRemove ? (
            <button
              type="button"
              className="button-icon button-small link-preview-remove"
              aria-label={more.message.removePreview(title)}
              title={more.message.removePreview(title)}
              onClick={() => actions.onRemovePreview(message, url)}
            >
              <CloseIcon />
            </button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
