import { expect, test } from "bun:test";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Api } from "../client/api.ts";
import { PeopleStore } from "./people-store.ts";

const you = { id: "you" as AccountId, username: "alice" };
const quiet = { id: "quiet" as AccountId, username: "quiet" };
const room = "general" as RoomId;

test("[T6] names that texts mention are asked for together, once, and known from then on", async () => {
  const asked: unknown[] = [];
  const api = {
    read: (type: string, input: object) => {
      asked.push({ type, ...input });
      return Promise.resolve({ people: [quiet] });
    },
  } as unknown as Api;
  const people = new PeopleStore(you, api);
  for (const name of ["quiet", "nobody", "quiet", "x".repeat(4000)]) people.learn(room, name);
  await Bun.sleep(80);
  people.learn(room, "nobody");
  await Bun.sleep(80);
  expect(asked).toEqual([{ type: "room.people", room, names: "quiet,nobody" }]);
  expect(people.known.get(quiet.id)).toEqual(quiet);
  expect(people.learned.peek()).toBe(1);
});
