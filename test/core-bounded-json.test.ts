import fc from "fast-check";
import { expect, it } from "vitest";
import { parseBoundedJson } from "../src/core/bounded-json.js";
import { messageOf } from "./store/message-of.js";

it("any JSON is read as JSON.parse reads it, with and without blanks", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 1, "\t"), (value, blanks) => {
      const text = JSON.stringify(value, null, blanks);
      expect(parseBoundedJson(text, 10_000)).toEqual(JSON.parse(text));
    }),
  );
});

it.each([
  ['{"a": 1, "a": 1}', "two members have one name"],
  ['{"a": 1, "\\u0061" : 1}', "two members have one name"],
  ['[{"\\"": {"x\\\\": 1, "x\\\\": 2}}]', "two members have one name"],
  ["[0,0,0,0,0,0,0,0,0,0]", "it holds more than 10 values"],
  ["[[[[[[[[[[]]]]]]]]]]", "it holds more than 10 values"],
  ['{"a":{},"b":[],"c":{},"d":[0,0]}', null],
  ['["a,b,c,d,e,f,g,h,i,j,k", "[[[[[[[[[[[", "{{{{:::::::::::::"]', null],
])("%s", (text, reason) => {
  if (reason === null) expect(parseBoundedJson(text, 10)).toEqual(JSON.parse(text));
  else expect(messageOf(() => parseBoundedJson(text, 10))).toBe(reason);
});

it("a text that is nested without end is not parsed", () => {
  expect(messageOf(() => parseBoundedJson("[".repeat(1_000_000), 1e9))).toBe(
    "it is nested more than 32 deep",
  );
});

it.each(['"', '"\\"', "{", '{"a', "", "[1,]", '{"a":1,}'])("%s is not JSON", (text) => {
  expect(() => parseBoundedJson(text, 10)).toThrow(SyntaxError);
});
