/** Gradio's row of tabs. */

/** Open one of the page's tabs by its name. */
export function showTab(name) {
  const tabs = [...document.querySelectorAll("#vibes-tabs button[role=tab]")];
  tabs.find((tab) => tab.textContent.trim() === name)?.click();
}
