/** Gradio's row of tabs. */

/** Open one of the page's tabs by its name. */
export function showTab(name) {
  const row = "#vibes-tabs button[role=tab]";
  const tabs = [...document.querySelectorAll(`${row}, #vibes-tabs .overflow-dropdown button`)];
  tabs.find((tab) => tab.textContent.trim() === name)?.click();
}
