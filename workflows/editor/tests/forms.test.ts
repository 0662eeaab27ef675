import { describe, expect, it } from "vitest";
import { completionsAt, insideExpression, take } from "../src/core/completion";
import { toIso, toLocal } from "../src/core/dates";
import { kindOf, variablesOf } from "../src/core/schema";

const rank = { type: "object", properties: { rows: { type: "array", items: { type: "object", properties: { code: { type: "string" } } } }, as_of: { type: "string" } } };
const variables = [...variablesOf("input", { type: "object", properties: { market: { type: "string" } } }, "input").slice(1), ...variablesOf("rank", rank, "rank")];
const functions = [{ name: "upper", signature: "upper(text)", summary: "" }, { name: "now", signature: "now()", summary: "" }];
/** The choices where `|` stands. */
const at = (text: string) => completionsAt(text.replace("|", ""), text.indexOf("|"), variables, functions);
const names = (text: string) => at(text).items.map((item) => item.text);

describe("completion", () => {
  it("works only between braces and outside of quotes", () => {
    expect(insideExpression("a {{ x", 6)).toBe(true);
    expect(insideExpression("a {{ x }} b", 11)).toBe(false);
    expect(insideExpression("{{ 'a", 5)).toBe(false);
    expect(insideExpression("{{ 'a' + ", 9)).toBe(true);
    expect(names("ran|")).toEqual([]);
    expect(names("{{ 'ran|")).toEqual([]);
  });
  it("offers names that begin with the word first, and one level at a time", () => {
    expect(names("{{ ra|")[0]).toBe("rank");
    expect(names("{{ rank.|").slice(0, 2)).toEqual(["rank.rows", "rank.as_of"]);
    expect(names("{{ rank.rows[0].|")).toEqual(["rank.rows[0].code"]);
    expect(names("{{ mark|")).toEqual(["input.market"]);
  });
  it("offers functions and leaves the caret in their brackets", () => {
    const offer = at("{{ up|");
    const taken = take("{{ up", offer, offer.items[0]);
    expect(taken).toEqual({ text: "{{ upper()", caret: 9 });
    const moment = at("{{ no|");
    expect(take("{{ no", moment, moment.items[0])).toEqual({ text: "{{ now()", caret: 8 });
    expect(names("{{ rank.up|")).toEqual([]);
  });
  it("replaces the word and keeps what follows", () => {
    const text = "{{ ra }} and more";
    const offer = completionsAt(text, 5, variables, functions);
    expect(take(text, offer, offer.items[0]).text).toBe("{{ rank }} and more");
  });
  it("offers nothing after something that is complete", () => {
    expect(names("{{ (1) |")).toEqual([]);
    expect(names("{{ 12|")).toEqual([]);
    expect(names("{{ |").length).toBeGreaterThan(4);
  });
});

describe("fields", () => {
  it("have the control of their schema", () => {
    const kinds = [
      { type: "string", format: "date-time" }, { type: "string", format: "time" }, { type: "string", writeOnly: true }, { type: "string", "x-widget": "password" }, { type: "string", "x-widget": "code" },
      { type: "object", format: "file", properties: { id: { type: "string" } } }, { type: "string", enum: ["a"] }, { type: "array", items: { enum: ["a"] } },
    ].map((schema) => kindOf(schema, {}));
    expect(kinds).toEqual(["date", "date", "secret", "secret", "long", "file", "choice", "choices"]);
  });
  it("keep a moment over the form and back", () => {
    const iso = toIso("2026-01-31T09:00");
    expect(iso).toMatch(/^2026-01-31T09:00:00[+-]\d\d:\d\d$/);
    expect(toLocal(iso)).toBe("2026-01-31T09:00");
    expect(toLocal("nonsense")).toBe("");
  });
});
