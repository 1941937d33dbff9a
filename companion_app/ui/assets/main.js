/** Where the browser code begins. */
import "./breadcrumbs.js";
import "./checkpoints.js";
import "./feedback.js";
import "./grid.js";
import "./header.js";
import "./learning.js";
import "./loras.js";
import "./manual.js";
import "./notice.js";
import "./progress.js";
import "./quality.js";
import "./queue.js";
import "./review.js";
import "./review-bar.js";
import "./servers.js";
import "./workflow-choice.js";
import "./workflows.js";
import { followMode, followSession } from "./form.js";
import { bindKeys } from "./keys.js";
import { start } from "./studio.js";

bindKeys();
followSession();
followMode();
start();

/** What Gradio's buttons call. */
export { generate, generateLabel, restored } from "./form.js";
