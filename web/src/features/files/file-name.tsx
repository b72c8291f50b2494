/** A longer name keeps its end when there is no room: what tells files apart is often there. */
const cutFromChars = 24;
const endChars = 8;

/** The name of a file, on one line, cut in the middle. */
export function FileName({ name }: { name: string }) {
  if (name.length < cutFromChars)
    return (
      <span className="file-name" dir="auto">
        {name}
      </span>
    );
  const end = [...name].slice(-endChars).join("");
  return (
    <span className="file-name file-name-long" dir="auto" title={name}>
      <span className="visually-hidden">{name}</span>
      <span aria-hidden="true">{name.slice(0, name.length - end.length)}</span>
      <span aria-hidden="true">{end}</span>
    </span>
  );
}
