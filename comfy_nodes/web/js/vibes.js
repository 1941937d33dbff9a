/** The pack's extension of the graph editor: builds its parts and hands them to the editor. */
import { api } from "../../../scripts/api.js";
import { app } from "../../../scripts/app.js";
import { Commands } from "./commands.js";
import { isOurs, NodeParts } from "./node-parts.js";
import { nodeAt } from "./node-places.js";
import { Panel } from "./panel.js";
import { SendDialog } from "./send-dialog.js";
import { Server } from "./server.js";
import { addStyle } from "./style.js";
import { StudioForm } from "./studio-form.js";
import { textsFrom } from "./texts.js";
import { WhyDialog } from "./why-dialog.js";

const messages = {};
const t = textsFrom(messages, () => app.extensionManager.setting.get("Comfy.Locale"));
const server = new Server({ fetchApi: (path, options) => api.fetchApi(path, options), t });
const commands = new Commands({ t, server, editor: app.extensionManager });
const why = new WhyDialog({ t });
const tools = {
  t,
  server,
  news: new EventTarget(),
  address: (path) => api.apiURL(path),
  explain: (choice) => why.open(choice),
  openStudio: () => commands.openStudio(),
  openSettings: () => commands.openSettings(),
};
const sending = new SendDialog(tools);
const parts = new WeakMap();

app.registerExtension({
  name: "Vibes",
  commands: [
    {
      id: "Vibes.OpenStudio",
      label: "Open the Vibes studio",
      icon: "pi pi-external-link",
      function: () => commands.openStudio(),
    },
    {
      id: "Vibes.SendWorkflow",
      label: "Send this workflow to the Vibes studio",
      icon: "pi pi-send",
      function: async () => sending.open(await openWorkflow()),
    },
    {
      id: "Vibes.TestLink",
      label: "Test the link to the Vibes studio",
      icon: "pi pi-link",
      function: () => commands.testLink(),
    },
  ],
  menuCommands: [
    { path: ["Vibes"], commands: ["Vibes.OpenStudio", "Vibes.SendWorkflow", "Vibes.TestLink"] },
  ],
  settings: [
    {
      id: "Vibes.Studio.Link",
      name: "Studio",
      tooltip: "Studio", // both are said in the editor's language, by the id
      category: ["Vibes", "Studio link", "Link"],
      type: studioForm, // nothing of it is a setting of the editor's: the token must not become one
      defaultValue: null,
    },
  ],

  async setup() {
    addStyle();
    Object.assign(messages, await api.getCustomNodesI18n());
    registerPanel();
  },

  nodeCreated(node) {
    if (!isOurs(node)) return;
    const shown = new NodeParts(node, tools);
    parts.set(node, shown);
    after(node, "onExecuted", (output) => shown.show(output));
    after(node, "getExtraMenuOptions", () => shown.menu());
  },

  /** Outputs the editor had: of a tab that was left, or of an entry of its queue. */
  onNodeOutputsUpdated(outputs) {
    for (const [place, output] of Object.entries(outputs))
      parts.get(nodeAt(app.graph, place))?.show(output);
  },
});

/** Let a callback of a node also do something of ours, whose result is added to its own. */
function after(node, name, act) {
  const before = node[name];
  node[name] = function (...values) {
    const result = before?.apply(this, values);
    const ours = act(...values);
    return ours ? [...ours, ...(result ?? [])] : result;
  };
}

/** As the editor would save it, and as it would run it. */
async function openWorkflow() {
  const { workflow, output: graph } = await app.graphToPrompt();
  const title = app.extensionManager.workflow.activeWorkflow?.filename ?? "";
  return { title, workflow, graph };
}

function studioForm() {
  const form = new StudioForm(tools);
  form.load();
  return form.node;
}

function registerPanel() {
  const panel = new Panel(tools);
  const refresh = () => panel.refresh();
  for (const event of ["rated", "linked"]) tools.news.addEventListener(event, refresh);
  api.addEventListener("executed", refresh);
  app.extensionManager.registerSidebarTab({
    id: "vibes",
    icon: "pi pi-thumbs-up",
    title: "Vibes",
    label: "Vibes",
    tooltip: t("panel.tooltip"),
    type: "custom",
    render: (element) => panel.mount(element),
  });
}
