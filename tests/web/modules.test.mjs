import assert from "node:assert/strict";
import { test } from "node:test";

import { code, moduleNames, modules } from "./sources.mjs";

const EDITOR = "../../../scripts/";
const IMPORT = /^import \{([^}]*)\} from "([^"]+)";/gm;
const imports = (name) => [...code(name).matchAll(IMPORT)];
const entries = moduleNames.filter((name) =>
  imports(name).some(([, , path]) => path.startsWith(EDITOR)),
);
const helpers = moduleNames.filter((name) => !entries.includes(name));

for (const name of helpers)
  test(`${name} can be loaded where there is no page, and does nothing by itself`, async () => {
    const before = new Set(Object.getOwnPropertyNames(globalThis));
    await import(new URL(name, modules).href);
    const added = Object.getOwnPropertyNames(globalThis).filter((one) => !before.has(one));
    assert.deepEqual(added, []);
  });

for (const name of entries)
  test(`${name} imports what our modules export, and of the editor only app and api`, async () => {
    for (const [, names, path] of imports(name)) {
      if (path.startsWith(EDITOR)) assert.match(names, /^ (app|api) $/);
      else await assertExported(path, names);
    }
  });

async function assertExported(path, names) {
  const module = await import(new URL(path, modules).href);
  for (const name of names
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean))
    assert.ok(name in module, `${path} has no ${name}`);
}
