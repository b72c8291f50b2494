import { expect, test } from "bun:test";
import type { Person } from "@novax/protocol/entities";
import { generalRoomId } from "@novax/protocol/general-room";
import type { SendId } from "@novax/protocol/ids";
import { join, problemOf, Person as Visitor } from "../support/person.ts";
import { describeServer } from "../support/use-server.ts";

const options = {
  env: { MESSAGES_PER_SECOND: "1000000", SIGN_UPS_PER_HOUR: "1000" },
  people: ["alice", "bob"],
} as const;

describeServer("names", options, ({ server, alice, bob }) => {
  const rename = async (display_name: string) => {
    const response = await bob.post("/account/profile", { display_name });
    return response.ok ? null : (await problemOf(response)).code;
  };

  test("[T15] messages, polls and rooms of characters that nobody sees are refused as empty", async () => {
    const socket = await bob.enter();
    for (const text of ["\u200b", "\u2800", "\u3164", "\ufe0f", " \u2060\n"]) {
      expect(
        await bob.refusedWith("message.send", {
          room: generalRoomId,
          sendId: crypto.randomUUID() as SendId,
          body: { kind: "text" as const, text },
        }),
      ).toBe("message_invalid");
      expect(await bob.refusedWith("room.create", { kind: "public", name: text })).toBe("room_invalid");
      const poll = {
        kind: "poll" as const,
        question: text,
        choices: ["a", "b"],
        isMultiple: false,
        isAnonymous: false,
        closesAt: null,
      };
      expect(
        await bob.refusedWith("message.send", {
          room: generalRoomId,
          sendId: crypto.randomUUID() as SendId,
          body: poll,
        }),
      ).toBe("message_invalid");
    }
    socket.close();
  });

  test("[T15][A31] one name is one room: other forms, invisible characters and letters that look the same", async () => {
    for (const name of ["Café", "Project 1", "Finance", "AI tools"])
      await bob.run("room.create", { kind: "public", name });
    for (const name of [
      ...["Cafe\u0301", "CAFÉ", "Project  1", "Project\u00a01", "Pr\u043eject 1", "Project l"],
      ...["Fin\u200dance", "Finance\ufe0f", "𝐅𝐢𝐧𝐚𝐧𝐜𝐞", "Ｆｉｎａｎｃｅ", "ꓝinance", "Al tools"],
      ...["Gen\u200deral", "General\ufe0f", "𝗚𝗲𝗻𝗲𝗿𝗮𝗹", "Gеnеrаl", "GENERAL"],
    ])
      expect(await bob.refusedWith("room.create", { kind: "public", name }), JSON.stringify(name)).toBe(
        "room_invalid",
      );
    for (const name of ["Cafe", "Project 2", "Финансы", "财务"])
      await bob.run("room.create", { kind: "public", name });
    // Renaming and bringing back an archived room go through the same check.
    const { room } = await bob.run("room.create", { kind: "public", name: "Other" });
    expect(await bob.refusedWith("room.change", { room: room.id, name: "Fіnance" })).toBe("room_invalid");
    await bob.run("room.archive", { room: room.id });
    await bob.run("room.create", { kind: "public", name: "Оther" });
    expect(await bob.refusedWith("room.unarchive", { room: room.id })).toBe("room_invalid");
  });

  test("[A31] of people who create rooms whose names look alike at once, one succeeds", async () => {
    const twins = ["Twins", "Тwins", "Tw\u0456ns", "TWINS", "𝐓wins", "ꓔwins", "twins", "Twіns"];
    const answers = await Promise.all(
      twins.map((name) => bob.command("room.create", { kind: "public", name })),
    );
    expect(answers.filter((response) => response.ok)).toHaveLength(1);
  });

  test("[B16] a display name can't pass for another's username, the server or a deleted account", async () => {
    for (const name of [
      "alice",
      "Alice",
      "ALICE",
      "аlice",
      "AIice",
      "𝓪𝓵𝓲𝓬𝓮",
      "аdmin",
      "Admin",
      "Deleted account",
      "Gelöschtes Konto",
      "novaX",
    ])
      expect(await rename(name), name).toBe("display_name_invalid");
    for (const name of ["Bob", "bob", "Alice B.", "Alicia", ""]) expect(await rename(name), name).toBe(null);
    const made = await new Visitor(server, "carol").register({ display_name: "аlice" });
    expect((await problemOf(made)).code).toBe("display_name_invalid");
  });

  test("[B16] a username that looks like another one is taken, also one that was given up", async () => {
    const takes = async (username: string) => {
      const response = await bob.post("/account/username", { username });
      return response.ok ? null : (await problemOf(response)).code;
    };
    await join(server, "user1");
    for (const name of ["userl", "USERI", "a1ice", "aIice"])
      expect(await takes(name), name).toBe("username_taken");
    const renamed = await join(server, "moved-on");
    expect((await renamed.post("/account/username", { username: "moved-off" })).status).toBe(200);
    expect(await takes("m0ved-on")).toBe("username_taken");
  });

  test("[T32] people are found by any word of their name, without accents, everywhere people are looked for", async () => {
    const gael = await join(server, "gm");
    await gael.post("/account/profile", { display_name: "Gaël Müller-Groß" });
    for (const q of ["gael", "Gaël", "muller", "müll", "gross", "GM"]) {
      const found = await alice.read<{ people: Person[] }>(`/api/people?q=${encodeURIComponent(q)}`);
      expect(
        found.people.map((person) => person.username),
        q,
      ).toEqual(["gm"]);
      const { members } = await alice.read<{ members: Person[] }>(
        `/api/rooms/general/members?q=${encodeURIComponent(q)}`,
      );
      expect(
        members.map((person) => person.username),
        q,
      ).toEqual(["gm"]);
      expect(await (await alice.fetch(`/admin?search=${encodeURIComponent(q)}`)).text()).toContain("Gaël");
    }
    await bob.run("room.create", { kind: "public", name: "Résumé-Ecke" });
    for (const q of ["resume", "ecke"])
      expect(
        (await bob.read<{ rooms: { name: string }[] }>(`/api/browse?q=${q}`)).rooms.map((room) => room.name),
      ).toEqual(["Résumé-Ecke"]);
  });
});
