import assert from "node:assert/strict";
import { test } from "node:test";

import { textsFrom } from "../../comfy_nodes/web/js/texts.js";
import { code, ENTRY, languages, moduleNames, texts } from "./sources.mjs";

const messages = {
  en: {
    vibes: {
      a: { b: "{count} of {total}" },
      one: "only English",
      many: { one: "1 x", other: "{count} xs" },
    },
  },
  zh: { vibes: { a: { b: "{total} 中的 {count}" }, many: { other: "{count} 个" } } },
};
const say = (language) => textsFrom(messages, () => language);

test("a text is said in the editor's language, its region's, or English", () => {
  assert.equal(say("zh")("a.b", { count: 1, total: 2 }), "2 中的 1");
  assert.equal(say("zh-TW")("a.b", { count: 1, total: 2 }), "2 中的 1");
  assert.equal(say("zh")("one"), "only English");
  assert.equal(say("ja")("a.b", { count: 1, total: 2 }), "1 of 2");
});

test("a count chooses the form the language has for it", () => {
  assert.equal(say("en")("many", { count: 1 }), "1 x");
  assert.equal(say("en")("many", { count: 0 }), "0 xs");
  assert.equal(say("zh")("many", { count: 1 }), "1 个");
});

test("an unknown text is said by its key, before the texts have come, too", () => {
  assert.equal(say("en")("a.c.d"), "a.c.d");
  assert.equal(textsFrom({}, () => "en")("dialog.close"), "dialog.close");
});

/** "vibes.rate.like" for every text, whatever forms it has. */
function keys(tree, path = []) {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "string" || "other" in value
      ? [[...path, key].join(".")]
      : keys(value, [...path, key]),
  );
}

const filled = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
const forms = (text) => (typeof text === "string" ? [text] : Object.values(text));
const at = (tree, key) => key.split(".").reduce((part, name) => part[name], tree);

for (const file of ["main", "settings", "commands"])
  for (const language of languages)
    test(`${language} has every text of ${file}.json, with the same values in it`, () => {
      const [english, translated] = [texts("en", file), texts(language, file)];
      assert.deepEqual(keys(translated).sort(), keys(english).sort());
      for (const key of keys(english)) {
        const wanted = filled(forms(at(english, key)).at(-1));
        for (const text of forms(at(translated, key)).slice(-1))
          assert.deepEqual(filled(text), wanted, key);
        assert.ok(
          forms(at(translated, key)).every((text) => text.trim()),
          key,
        );
      }
    });

test("every text that is asked for exists, and every text is asked for", () => {
  const known = keys(texts("en", "main").vibes);
  const asked = [];
  for (const name of moduleNames) {
    for (const [, key] of code(name).matchAll(/"((?:rate|why|dialog|link|form|send|panel|server)\.\w+)"/g)) {
      assert.ok(known.includes(key), `${name}: ${key}`);
      asked.push(key);
    }
    for (const [, start] of code(name).matchAll(/t\(`(\w+\.)\$\{/g))
      asked.push(...known.filter((key) => key.startsWith(start)));
  }
  assert.deepEqual([...new Set(asked)].sort(), known.sort());
});

test("what the editor itself shows is translated by its id, or by its label", () => {
  const found = (pattern) => [...code(ENTRY).matchAll(pattern)].map(([, value]) => value);
  const [main, commands, settings] = ["main", "commands", "settings"].map((one) =>
    texts("en", one),
  );
  const identities = (pattern) => found(pattern).map((id) => id.replaceAll(".", "_"));
  assert.deepEqual(identities(/\bid: "(Vibes\.\w+)"/g).sort(), Object.keys(commands).sort());
  assert.deepEqual(identities(/\bid: "(Vibes\.\w+\.\w+)"/g), Object.keys(settings));
  const labels = found(/\blabel: "(\w+ [^"]+)"/g);
  assert.deepEqual(
    labels,
    Object.values(commands).map(({ label }) => label),
  );
  assert.deepEqual(["Vibes", ...labels], Object.keys(main.menuLabels));
});

test("no sentence is written into a module", () => {
  const labels = Object.values(texts("en", "commands")).map(({ label }) => label);
  for (const name of moduleNames)
    for (const [, literal] of code(name).matchAll(/"((?:[^"\\\n]|\\.)*)"/g))
      if (/[A-Za-z]{2,}[.,:]? [A-Za-z]{2,}/.test(literal) && !isMarkup(literal))
        assert.ok([...labels, "Studio link"].includes(literal), `${name}: ${literal}`);
});

/** Names of classes. */
const isMarkup = (literal) => /^(vibes-[\w-]+|pi)( |$)/.test(literal);
