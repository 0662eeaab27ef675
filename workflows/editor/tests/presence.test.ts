import { describe, expect, it } from "vitest";
import { alone, hear, writerOf } from "../src/core/presence";

const people = [{ id: "m", name: "Me", writes: true }, { id: "k", name: "Kim", writes: true }];
const here = (pen: string) => ({ type: "here", me: "m", people, pen });

describe("company", () => {
  it("knows who else writes", () => {
    expect(writerOf(alone)).toBeNull();
    expect(writerOf(hear(alone, here("m")))).toBeNull();
    expect(writerOf(hear(alone, here("k")))?.name).toBe("Kim");
    expect(writerOf(hear(alone, here("gone")))).toBeNull();
  });
  it("stops waiting when the pen arrives, and stops being asked when it leaves", () => {
    const waiting = { ...hear(alone, here("k")), asked: 1, mayTake: true };
    expect(hear(waiting, here("m"))).toMatchObject({ asked: null, mayTake: false });
    expect(hear(waiting, { type: "answer", granted: false })).toMatchObject({ asked: null, mayTake: false });
    const asked = hear(hear(alone, here("m")), { type: "ask", from: "k", name: "Kim" });
    expect(asked.asker).toEqual({ id: "k", name: "Kim" });
    expect(hear(asked, here("k")).asker).toBeNull();
  });
});
