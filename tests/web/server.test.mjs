import assert from "node:assert/strict";
import { test } from "node:test";

import { Refused, Server } from "../../comfy_nodes/web/js/server.js";

/** A server whose routes answer with these replies in turn, and what it was asked. */
function answering(...replies) {
  const asked = [];
  const fetchApi = async (path, options = {}) => {
    asked.push({ path, ...options });
    const reply = replies.shift();
    if (reply instanceof Error) throw reply;
    return reply;
  };
  return {
    asked,
    server: new Server({ fetchApi, t: (key, values) => `${key} ${values?.status ?? ""}` }),
  };
}

const json = (body, status = 200, headers = {}) => Response.json(body, { status, headers });
const sentences = { name: "Error" };

test("a rating is posted as JSON, and what was stored is told", async () => {
  const stored = { image: "a1", overall: 4, teaches: true, detail: "" };
  const { asked, server } = answering(json(stored));
  assert.deepEqual(await server.rate("a1", 4), stored);
  assert.equal(asked[0].path, "/vibes/rate");
  assert.equal(asked[0].method, "POST");
  assert.equal(asked[0].headers["Content-Type"], "application/json");
  assert.deepEqual(JSON.parse(asked[0].body), { image: "a1", overall: 4 });
});

test("what was said of very many pictures is asked for in addresses a server can read", async () => {
  const images = Array.from({ length: 201 }, (_, index) => index.toString(16).padStart(32, "0"));
  const { asked, server } = answering(
    json({ ratings: { [images[0]]: 4, [images[1]]: null } }),
    json({ ratings: { [images[200]]: 1 } }),
  );
  assert.deepEqual(await server.ratings(images), {
    [images[0]]: 4,
    [images[1]]: null,
    [images[200]]: 1,
  });
  assert.equal(asked.length, 2);
  assert.ok(asked[0].path.startsWith(`/vibes/ratings?image=${images[0]}&image=${images[1]}&`));
  assert.equal(asked[1].path, `/vibes/ratings?image=${images[200]}`);
  assert.ok(asked[0].path.length < 8000);
});

test("of no pictures nothing is asked", async () => {
  const { asked, server } = answering();
  assert.deepEqual(await server.ratings([]), {});
  assert.deepEqual(asked, []);
});

test("an address is put without a token unless one was typed, so that the stored one is kept", async () => {
  const { asked, server } = answering(json({}), json({}));
  await server.link({ url: "http://one:7860", token: undefined });
  await server.link({ url: null, token: "secret" });
  assert.deepEqual(
    asked.map(({ method, body }) => [method, body]),
    [
      ["PUT", '{"url":"http://one:7860"}'],
      ["PUT", '{"url":null,"token":"secret"}'],
    ],
  );
});

test("statistics are asked for by their tag, and kept where they are still the same", async () => {
  const told = { ratings: 3, top_checkpoints: [] };
  const { asked, server } = answering(
    json(told, 200, { ETag: '"7"' }),
    new Response(null, { status: 304 }),
  );
  assert.deepEqual(await server.statistics(), told);
  assert.deepEqual(await server.statistics(), told);
  assert.deepEqual(
    asked.map(({ headers }) => headers),
    [{}, { "If-None-Match": '"7"' }],
  );
});

test("a refusal is the server's sentence", async () => {
  const { server } = answering(json({ detail: "There is no image a1." }, 404));
  await assert.rejects(server.rate("a1", 5), { ...sentences, message: "There is no image a1." });
});

test("a workflow is sent in both its forms, and a refusal says of what kind it is", async () => {
  const faults = { code: "faulty_workflow", detail: "A. B.", problems: ["A.", "B."] };
  const { asked, server } = answering(json({ name: "own" }, 201), json(faults, 400));
  const opened = { title: "Own", workflow: { nodes: [] }, graph: { 1: {} } };
  assert.deepEqual(await server.sendWorkflow("own", opened), { name: "own" });
  assert.equal(asked[0].path, "/vibes/workflow");
  assert.deepEqual(JSON.parse(asked[0].body), {
    name: "own",
    workflow: { nodes: [] },
    graph: { 1: {} },
  });
  await assert.rejects(server.sendWorkflow("own", opened), {
    message: "A. B.",
    code: "faulty_workflow",
    problems: ["A.", "B."],
  });
});

test("an answer that is no JSON, and none at all, are sentences too", async () => {
  const { server } = answering(
    new Response("<html>", { status: 502 }),
    new TypeError("Failed to fetch"),
  );
  await assert.rejects(server.studio(), { message: "server.odd 502" });
  await assert.rejects(
    server.studio(),
    (error) => error instanceof Refused && /server\.gone/.test(error.message),
  );
});
