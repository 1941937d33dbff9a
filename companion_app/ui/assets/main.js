/** Where the browser code begins. */
import "./breadcrumbs.js";
import "./feedback.js";
import "./grid.js";
import "./header.js";
import "./learning.js";
import "./notice.js";
import "./progress.js";
import "./queue.js";
import "./servers.js";
import { followSession } from "./form.js";
import { bindKeys } from "./keys.js";
import { start } from "./studio.js";

bindKeys();
followSession();
start();

/** What Gradio's buttons call. */
export { generate, restored } from "./form.js";
