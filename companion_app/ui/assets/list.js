/** Lists that change while somebody reads them: what stays keeps its focus and its open parts. */

/** One view per item, found again by the item's id. A view has a `node` and `show(item, …)`. */
export class LiveList {
  views = new Map();

  /** `make(item)` builds the view of an item seen for the first time. */
  constructor(parent, make) {
    Object.assign(this, { parent, make });
  }

  /** Show exactly these items in this order; `rest` goes to every view as it is. */
  show(items, ...rest) {
    const before = new Map(this.views);
    this.views.clear();
    for (const item of items) {
      const view = before.get(item.id) ?? this.make(item);
      this.views.set(item.id, view);
      view.show(item, ...rest);
    }
    this.arrange([...this.views.values()].map(({ node }) => node));
  }

  /** Drop what is gone, move what moved, and keep the focus where it was. */
  arrange(nodes) {
    const { parent } = this;
    const focused = parent.contains(document.activeElement) ? document.activeElement : null;
    const place = [...parent.children].findIndex((node) => node.contains(focused));
    const staying = new Set(nodes);
    for (const node of [...parent.children]) if (!staying.has(node)) node.remove();
    nodes.forEach((node, index) => {
      if (parent.children[index] !== node)
        parent.insertBefore(node, parent.children[index] ?? null);
    });
    if (focused && focused !== document.activeElement) refocus(focused, nodes, place);
  }
}

/** Back to what had the focus, or to the same place in the list where that is gone. */
function refocus(focused, nodes, place) {
  const heir = nodes[Math.min(place, nodes.length - 1)]?.querySelector("button");
  (focused.isConnected ? focused : heir)?.focus({ preventScroll: true });
}
