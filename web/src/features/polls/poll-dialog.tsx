import type { SendId } from "@novax/protocol/ids";
import { pollChoiceCharsMax, pollChoicesMax, pollQuestionCharsMax } from "@novax/protocol/limits";
import { useState } from "preact/hooks";
import { runCommand } from "../../client/run-command.ts";
import { Dialog } from "../../components/dialog.tsx";
import { hourMs } from "../../lib/duration.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { DialogProps } from "../props.ts";
import { serverNow } from "../server-now.ts";
import { useOnce } from "../use-once.ts";

/** Takes the question and choices of a poll, and sends it to the open room. */
export function PollDialog({ chat, onClose }: DialogProps) {
  const [choices, setChoices] = useState(["", ""]);
  const [problem, setProblem] = useState("");
  // The id stays the same, so that a second send after a lost connection is the same poll.
  const [sendId] = useState(() => crypto.randomUUID() as SendId);
  const submit = useOnce(async (fields: FormData) => {
    const hours = Number(fields.get("closes"));
    const room = chat.navigation.current.peek();
    if (room === null) return;
    const body = {
      kind: "poll" as const,
      question: String(fields.get("question")),
      choices: choices.map((choice) => choice.trim()).filter((choice) => choice !== ""),
      isMultiple: fields.has("multiple"),
      isAnonymous: fields.has("anonymous"),
      closesAt: hours === 0 ? null : serverNow(chat) + hours * hourMs,
    };
    const reply = await runCommand("message.send", { room, sendId, body });
    if (reply?.ok) onClose();
    else setProblem(reply?.detail ?? t.errors.offline);
  });
  return (
    <Dialog title={more.pollForm.title} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(new FormData(event.currentTarget));
        }}
      >
        <label className="form-field">
          <span>{more.pollForm.question}</span>
          <input
            className="field"
            name="question"
            required
            maxLength={pollQuestionCharsMax}
            data-autofocus
            autocomplete="off"
          />
        </label>
        {choices.map((choice, index) => (
          <label className="form-field" key={index}>
            <span>{more.pollForm.choice(index + 1)}</span>
            <input
              className="field"
              data-choice
              required={index < 2}
              maxLength={pollChoiceCharsMax}
              autocomplete="off"
              value={choice}
              onInput={(event) => setChoices(choices.with(index, event.currentTarget.value))}
            />
          </label>
        ))}
        {choices.length < pollChoicesMax ? (
          <button
            type="button"
            className="button-subtle"
            onClick={(event) => {
              const { form } = event.currentTarget;
              setChoices([...choices, ""]);
              requestAnimationFrame(() =>
                [...form!.querySelectorAll<HTMLElement>("[data-choice]")].at(-1)?.focus(),
              );
            }}
          >
            {more.pollForm.addChoice}
          </button>
        ) : null}
        <label className="form-check">
          <input type="checkbox" name="multiple" /> {more.pollForm.multiple}
        </label>
        <label className="form-check">
          <input type="checkbox" name="anonymous" /> {more.pollForm.anonymous}
        </label>
        <label className="form-field">
          <span>{more.pollForm.closes}</span>
          <select className="field" name="closes">
            <option value="0">{more.pollForm.never}</option>
            <option value="1">{more.pollForm.hour}</option>
            <option value="24">{more.pollForm.day}</option>
            <option value="168">{more.pollForm.week}</option>
          </select>
        </label>
        {problem === "" ? null : (
          <p className="form-problem" role="alert">
            {problem}
          </p>
        )}
        <div className="dialog-actions">
          <button type="submit" className="button-primary">
            {more.pollForm.ask}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
