/** Every act on a server that is there: use it or not, remove it. */
import { post, remove } from "./api.js";
import { ask } from "./dialog.js";
import { hint } from "./dom.js";
import { report, say } from "./notice.js";

const path = ({ name }) => `/api/gpus/${encodeURIComponent(name)}`;

/** Give it nothing new, or use it again; `refresh` shows what the studio made of it. */
export async function drain(server, refresh) {
  const verb = server.draining ? "use" : "drain";
  server.draining = !server.draining;
  refresh({ shown: true });
  try {
    await post(`${path(server)}/${verb}`);
  } catch (error) {
    report(error, { label: "Try again", run: () => drain(server, refresh) });
  }
  refresh();
}

export async function removeServer(server, refresh) {
  const what = hint("What it is making now is made elsewhere. Its pictures stay.");
  const question = { title: `Remove ${server.name}?`, body: [what], confirm: "Remove" };
  if (!(await ask({ ...question, danger: true }))) return;
  try {
    await remove(path(server));
    say(`${server.name} is removed.`);
  } catch (error) {
    report(error, { label: "Try again", run: () => removeServer(server, refresh) });
  }
  refresh();
}
