/** Every act on a workflow that is there. */
import { remove } from "./api.js";
import { ask } from "./dialog.js";
import { hint } from "./dom.js";
import { report, say } from "./notice.js";

export async function removeWorkflow(workflow, refresh) {
  const { name } = workflow;
  const what = hint("Pictures made with it stay. Download it first if this is your only copy.");
  const question = { title: `Remove ${name}?`, body: [what], confirm: "Remove" };
  if (!(await ask({ ...question, danger: true }))) return;
  try {
    await remove(`/api/workflows/${encodeURIComponent(name)}`);
    say(`${name} is removed.`);
  } catch (error) {
    report(error);
  }
  refresh();
}
