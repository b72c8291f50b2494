import { expect, test } from "bun:test";
import { mentionsIn } from "./text.ts";

test("@room, @all and @everyone mention everyone, @here those online, @name one person; code and addresses mention no one", () => {
  for (const name of ["room", "all", "Everyone"])
    expect(mentionsIn(`hello @${name}!`), name).toEqual({ names: [], room: true, here: false });
  expect(mentionsIn("@here and @Bob.")).toEqual({ names: ["bob"], room: false, here: true });
  expect(mentionsIn("`@room` or x@all.org, and @allison")).toEqual({
    names: ["allison"],
    room: false,
    here: false,
  });
});
