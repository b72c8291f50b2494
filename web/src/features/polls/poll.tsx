import type { PollBody } from "@novax/protocol/entities";
import { nameOf } from "@novax/protocol/person";
import { Markdown } from "../../components/markdown.tsx";
import { formatSoon } from "../../lib/time.ts";
import { more } from "../../texts/more.ts";
import type { PollProps } from "../messages/message-context.ts";
import { peopleOf } from "../messages/message-row.tsx";

/**
 * A poll: its question, and its choices as bars as wide as their shares. A press votes; a press on a chosen one takes
 * the vote back.
 */
export function Poll(props: PollProps) {
  const { message, actions } = props;
  const body = message.body as PollBody;
  const state = message.poll!;
  const own =
    state.voters?.flatMap((voters, choice) => (voters.includes(actions.you) ? [choice] : [])) ??
    props.myVote ??
    [];
  const total = state.counts.reduce((sum, count) => sum + count, 0);
  const facts = [
    more.poll.votes(total),
    ...(body.isMultiple ? [more.poll.isMultiple] : []),
    ...(body.isAnonymous ? [more.poll.isAnonymous] : []),
    ...(state.isClosed
      ? [more.poll.closed]
      : body.closesAt === null
        ? []
        : [more.poll.until(formatSoon(body.closesAt))]),
  ];
  const choose = (choice: number) => {
    const isChosen = own.includes(choice);
    const rest = own.filter((chosen) => chosen !== choice);
    actions.onVote(
      message,
      body.isMultiple ? (isChosen ? rest : [...own, choice]) : isChosen ? [] : [choice],
    );
  };
  return (
    <fieldset className="poll" disabled={state.isClosed || !actions.mayWrite}>
      <legend className="message-text" dir="auto">
        <Markdown text={body.question} {...peopleOf(actions)} />
      </legend>
      {body.choices.map((choice, index) => {
        const count = state.counts[index] ?? 0;
        const names = (state.voters?.[index] ?? []).flatMap((id) => {
          const person = actions.known.get(id);
          return person ? [nameOf(person)] : [];
        });
        return (
          <button
            key={index}
            type="button"
            className={own.includes(index) ? "poll-choice poll-choice-own" : "poll-choice"}
            aria-pressed={own.includes(index)}
            title={names.join(", ") || undefined}
            onClick={() => choose(index)}
          >
            <span
              className="poll-share"
              ref={(share) => share?.style.setProperty("width", `${(100 * count) / Math.max(1, total)}%`)}
            />
            <span className="poll-words" dir="auto">
              {choice}
            </span>
            <span className="count" aria-hidden="true">
              {count}
            </span>
            <span className="visually-hidden">, {more.poll.votes(count)}</span>
          </button>
        );
      })}
      <p className="poll-facts">{facts.join(" · ")}</p>
    </fieldset>
  );
}
