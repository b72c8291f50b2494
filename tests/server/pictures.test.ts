import { expect, test } from "bun:test";
import { generalRoomId } from "@novax/protocol/general-room";
import sharp from "sharp";
import type { Person } from "../support/person.ts";
import { waitUntil } from "../support/server.ts";
import { picture, text, upload } from "../support/uploads.ts";
import { describeServer } from "../support/use-server.ts";

describeServer("pictures of people, rooms and the server", {}, ({ server, alice, bob, carol }) => {
  const face = async (person: Person, purpose: string) =>
    (await upload(person, await picture("jpeg", { width: 900, height: 600 }), { purpose, name: "me.jpg" }))
      .id;
  const known = async (viewer: Person, ...people: Person[]) => {
    const ids = await Promise.all(people.map((person) => person.id()));
    return (
      await viewer.read<{ pictures: { person: string; picture: string }[] }>(
        `/api/people-pictures?ids=${ids.join()}`,
      )
    ).pictures;
  };

  test("a person sets a picture: square, encoded anew, seen by others at once, and removed again", async () => {
    const socket = await bob.enter();
    await socket.command({ type: "room.view", room: generalRoomId });
    const mine = await alice.enter();
    const id = await face(alice, "person");
    await alice.run("picture.set", { picture: id });
    await socket.next(
      (frame) => frame.type === "presence" && frame.joined.some((person) => person.picture === id),
    );
    expect(await known(bob, alice, carol)).toEqual([{ person: await alice.id(), picture: id }]);
    const response = await bob.fetch(`/api/people/${await alice.id()}/picture?v=${id}`);
    expect(response.headers.get("content-type")).toBe("image/webp");
    const meta = await sharp(await response.arrayBuffer()).metadata();
    expect([meta.width, meta.height, meta.exif]).toEqual([512, 512, undefined]);
    // An address that names another picture, or none, would be kept with the wrong one.
    const kept = async (query: string) =>
      (await bob.fetch(`/api/people/${await alice.id()}/picture${query}`)).headers.get("cache-control");
    expect([await kept(`?v=${id}`), await kept(""), await kept(`?v=${crypto.randomUUID()}`)]).toEqual([
      "private, max-age=604800",
      "private, no-store",
      "private, no-store",
    ]);
    const next = await face(alice, "person");
    await alice.run("picture.set", { picture: next });
    expect((await alice.fetch(`/api/uploads/${id}`)).status).toBe(404);
    await alice.run("picture.set", { picture: null });
    expect(await known(bob, alice)).toEqual([]);
    expect((await bob.fetch(`/api/people/${await alice.id()}/picture`)).status).toBe(404);
    expect((await alice.fetch(`/api/uploads/${next}`)).status).toBe(404);
    socket.close();
    mine.close();
  });

  test("a picture is used by the person who uploaded it, for what it was uploaded for, and once", async () => {
    const [mine, ofRoom] = [await face(bob, "person"), await face(bob, "room")];
    expect(await alice.refusedWith("picture.set", { picture: mine })).toBe("file_gone");
    expect(await bob.refusedWith("picture.set", { picture: ofRoom })).toBe("file_gone");
    await bob.run("picture.set", { picture: mine });
    expect(await bob.refusedWith("picture.set", { picture: mine })).toBe("file_gone");
    expect((await bob.fetch(`/api/uploads/${mine}`, { method: "DELETE" })).status).toBe(404);
    const plain = await upload(bob, text("x"));
    expect(await bob.refusedWith("picture.set", { picture: plain.id })).toBe("file_gone");
    expect(await bob.refusedWith("server.set_picture", { picture: null })).toBe("forbidden");
  });

  test("a room's picture is changed by those who may change the room, and seen by those who can know of it", async () => {
    const { room } = await alice.run("room.create", { kind: "private", name: "With a picture" });
    const id = await face(alice, "room");
    expect(await bob.refusedWith("room.set_picture", { room: room.id, picture: null })).toBe("not_found");
    const socket = await alice.connect();
    await socket.attach(room.id);
    await alice.run("room.set_picture", { room: room.id, picture: id });
    await socket.until(() =>
      socket.events.some((event) => event.type === "room.changed" && event.changes.picture === id),
    );
    socket.close();
    expect((await alice.room(room.id)).picture).toBe(id);
    const path = `/api/rooms/${room.id}/picture`;
    expect([(await alice.fetch(path)).status, (await bob.fetch(path)).status]).toEqual([200, 404]);
    await alice.run("room.set_picture", { room: generalRoomId, picture: await face(alice, "room") });
    expect((await carol.fetch(`/api/rooms/${generalRoomId}/picture`)).status).toBe(200);
    expect((await fetch(`${server.url}/api/rooms/${generalRoomId}/picture`)).status).toBe(401);
  });

  test("the owner sets the server's picture, which is its icon, also before anybody signs in", async () => {
    const id = await face(alice, "server");
    await alice.run("server.set_picture", { picture: id });
    const typeIs = (type: string) =>
      waitUntil(async () => (await fetch(`${server.url}/icon.svg`)).headers.get("content-type") === type);
    expect(await typeIs("image/webp")).toBe(true);
    await alice.run("server.set_picture", { picture: null });
    expect(await typeIs("image/svg+xml")).toBe(true);
  });

  test("a list of ids that is too long, or has none in it, is refused", async () => {
    for (const ids of ["x", Array.from({ length: 51 }, () => crypto.randomUUID()).join()])
      expect((await alice.fetch(`/api/people-pictures?ids=${ids}`)).status, ids).toBe(400);
  });
});
