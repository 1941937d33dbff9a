/** The text some nodes report is shown on them, to be read and copied, not edited. */
import { app } from "../../../scripts/app.js";

const SHOWING = new Set(["VibesPromptAnalysis", "VibesParameters", "VibesExplain"]);
const HEIGHT = 140; // pixels: some seven lines; the node can be drawn larger

app.registerExtension({
  name: "Vibes.ShownText",
  nodeCreated(node) {
    if (SHOWING.has(node.comfyClass)) showText(node);
  },
});

function showText(node) {
  const area = document.createElement("textarea");
  area.className = "comfy-multiline-input";
  area.readOnly = true;
  const options = { serialize: false, getMinHeight: () => HEIGHT };
  const widget = node.addDOMWidget("shown", "vibes_text", area, options);
  widget.serialize = false; // neither in the workflow's file nor in what is run
  const onExecuted = node.onExecuted;
  node.onExecuted = function (output) {
    onExecuted?.call(this, output);
    area.value = (output?.text ?? []).join("\n");
  };
}
